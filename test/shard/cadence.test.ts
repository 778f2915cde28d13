import test from 'ava'
import fc from 'fast-check'
import { type Beat, Cadence, nextDueMs } from '../../lib/shard/cadence.ts'
import type { Clock } from '../../lib/shard/clock.ts'

const START_MS = 1_700_000_000_000

/** A clock that stands still until it is moved; timers fire on the way, in their order. */
class FakeClock implements Clock {
  #nowMs = START_MS
  #timers: { readonly atMs: number; readonly fire: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, fire: () => void): unknown {
    const timer = { atMs: this.#nowMs + Math.max(delayMs, 0), fire }
    this.#timers.push(timer)
    return timer
  }

  cancel(timer: unknown): void {
    this.#timers = this.#timers.filter(other => other !== timer)
  }

  get timers(): number {
    return this.#timers.length
  }

  /** Moves on, with every timer called at its time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      const [next] = this.#timers.filter(timer => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)
      if (next === undefined) break
      this.cancel(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.fire()
    }
    this.#nowMs = endMs
  }

  /** Time passes while the thread is busy, or the clock is set: timers fire late, or when as much time has passed. */
  jump(ms: number): void {
    this.#nowMs += ms
    if (ms < 0) this.#timers = this.#timers.map(({ atMs, fire }) => ({ atMs: atMs + ms, fire }))
  }
}

type Item = Beat & { readonly id: number }
type Tick = { readonly id: number; readonly dueMs: number; readonly skipped: number; readonly atMs: number }

function rig() {
  const clock = new FakeClock()
  const ticks: Tick[] = []
  const cadence = new Cadence<Item>(clock, ({ id }, dueMs, skipped) =>
    ticks.push({ id, dueMs, skipped, atMs: clock.nowMs() }),
  )
  return { clock, ticks, cadence }
}

const item = (id: number, intervalMs: number, offsetMs = 0): Item => ({ id, intervalMs, offsetMs })

const beat = fc
  .record({
    intervalMs: fc.integer({ min: 1, max: 86_400_000 }),
    phase: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  })
  .map(({ intervalMs, phase }): Beat => ({ intervalMs, offsetMs: Math.floor(phase * intervalMs) }))

test('the next due time is the first one after now that has the phase', t => {
  fc.assert(
    fc.property(beat, fc.integer({ min: START_MS, max: START_MS * 2 }), (beat, nowMs) => {
      const dueMs = nextDueMs(beat, nowMs)
      t.true(dueMs > nowMs && dueMs <= nowMs + beat.intervalMs)
      t.is((dueMs - beat.offsetMs) % beat.intervalMs, 0)
      t.is(nextDueMs(beat, dueMs), dueMs + beat.intervalMs)
    }),
  )
})

test('items are called at their phases and on time, for as long as it takes', t => {
  const { clock, ticks, cadence } = rig()
  const items = [item(1, 1000, 0), item(2, 1000, 999), item(3, 7, 3), item(4, 60_000, 12_345)]
  for (const one of items) cadence.add(one)
  clock.advance(600_000)
  for (const { id, intervalMs, offsetMs } of items) {
    const times = ticks.filter(tick => tick.id === id)
    t.is(
      times.length,
      Math.floor((START_MS + 600_000 - offsetMs) / intervalMs) - Math.floor((START_MS - offsetMs) / intervalMs),
    )
    t.true(times.every(({ dueMs }) => (dueMs - offsetMs) % intervalMs === 0))
    t.true(times.every(({ atMs, dueMs, skipped }) => atMs === dueMs && skipped === 0))
  }
  cadence.stop()
})

test('one timer serves any number of items', t => {
  const { clock, ticks, cadence } = rig()
  for (let id = 0; id < 5000; id++) cadence.add(item(id, 30_000, (id * 7919) % 30_000))
  t.is(clock.timers, 1)
  clock.advance(90_000)
  t.is(clock.timers, 1)
  t.is(ticks.length, 15_000)
  t.true(ticks.every(({ dueMs }, index) => index === 0 || dueMs >= ticks[index - 1]!.dueMs))
  cadence.stop()
  t.is(clock.timers, 0)
})

test('ticks that pass while the thread is busy are skipped and counted, and the phase stays', t => {
  const { clock, ticks, cadence } = rig()
  cadence.add(item(1, 1000, 300))
  clock.advance(400)
  clock.jump(3750)
  clock.advance(0)
  clock.advance(1000)
  const shown = ticks.map(({ dueMs, skipped, atMs }) => [dueMs - START_MS, skipped, atMs - START_MS])
  t.deepEqual(shown, [
    [300, 0, 300],
    [3300, 2, 4150],
    [4300, 0, 4300],
  ])
  cadence.stop()
})

test('a removed item is not called again, and one that is added again is called once a tick', t => {
  const { clock, ticks, cadence } = rig()
  const items = Array.from({ length: 10 }, (_, id) => item(id, 1000, id * 10))
  for (const one of items) cadence.add(one)
  cadence.remove(items[3]!)
  cadence.remove(items[3]!)
  cadence.add(items[3]!)
  cadence.remove(items[4]!)
  cadence.add(item(4, 1000, 45))
  for (const gone of [5, 6, 7, 8, 9]) cadence.remove(items[gone]!)
  cadence.remove(item(99, 1000))
  clock.advance(2000)
  const shown = ticks.map(({ id, dueMs }) => [id, dueMs - START_MS])
  const once = [
    [0, 1000],
    [1, 10],
    [1, 1010],
    [2, 20],
    [2, 1020],
    [3, 30],
    [3, 1030],
    [4, 45],
    [4, 1045],
    [0, 2000],
  ]
  t.deepEqual(
    shown,
    once.sort((a, b) => a[1]! - b[1]!),
  )
  cadence.stop()
})

test('items may come and go while one is being called', t => {
  const clock = new FakeClock()
  const seen: number[] = []
  const first = item(1, 100, 1)
  const second = item(2, 100, 2)
  const cadence: Cadence<Item> = new Cadence<Item>(clock, ({ id }) => {
    seen.push(id)
    if (seen.length === 1) {
      cadence.remove(second)
      cadence.add(item(3, 100, 3))
    }
    if (seen.length === 4) cadence.stop()
  })
  cadence.add(first)
  cadence.add(second)
  clock.advance(1000)
  t.deepEqual(seen, [1, 3, 1, 3])
  t.is(clock.timers, 0)
})

test('a clock that is set back delays nobody by more than an interval', t => {
  const { clock, ticks, cadence } = rig()
  cadence.add(item(1, 1000, 500))
  cadence.add(item(2, 2000, 700))
  clock.advance(10_000)
  const before = ticks.length
  clock.jump(-3_600_000)
  clock.advance(10_000)
  t.is(ticks.length - before, 15)
  t.true(ticks.every(({ atMs, dueMs }) => atMs === dueMs))
  cadence.stop()
})

test('any coming and going of items leaves just those that are there, at their times', t => {
  const step = fc.record({ id: fc.nat(7), isAdd: fc.boolean(), waitMs: fc.nat(300) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const { clock, ticks, cadence } = rig()
      const present = new Map<number, Item>()
      const expected: string[] = []
      for (const { id, isAdd, waitMs } of steps) {
        const known = present.get(id)
        if (isAdd && known === undefined) {
          present.set(id, item(id, 50 + id * 13, id * 5))
          cadence.add(present.get(id)!)
        } else if (!isAdd && known !== undefined) {
          cadence.remove(known)
          present.delete(id)
        }
        const nowMs = clock.nowMs()
        for (const one of present.values()) {
          for (let dueMs = nextDueMs(one, nowMs); dueMs <= nowMs + waitMs; dueMs += one.intervalMs)
            expected.push(`${dueMs} ${one.id}`)
        }
        clock.advance(waitMs)
      }
      t.deepEqual(ticks.map(({ id, dueMs }) => `${dueMs} ${id}`).sort(), expected.sort())
      cadence.stop()
    }),
  )
})

test('an item that takes the place of another is called for the tick that the other was late for, and no tick twice', t => {
  const { clock, ticks, cadence } = rig()
  const [a, b, c, d] = [item(1, 1000), item(2, 1000), item(3, 1000), item(4, 2000, 500)]
  cadence.add(a!)
  clock.advance(1500)
  cadence.replace(a!, b!)
  clock.advance(400)
  clock.jump(150) // the tick has passed, and its timer has not fired yet
  cadence.replace(b!, c!)
  clock.advance(1000)
  cadence.replace(c!, d!)
  clock.advance(2000)
  t.deepEqual(
    ticks.map(({ id, dueMs, skipped }) => [id, dueMs - START_MS, skipped]),
    [
      [1, 1000, 0],
      [3, 2000, 0],
      [3, 3000, 0],
      [4, 4500, 0],
    ],
  )
  cadence.stop()
})
