// Two threads on one ring: a worker writes, this thread reads.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { createDoorbell, Doorbell } from '../../shared/doorbell.ts'
import { createRing, RingConsumer } from '../../shared/ring.ts'
import { frameFault, frameSizes } from './ring-frames.ts'
import type { ProducerPlan } from './ring-producer.ts'

type Plan = Omit<ProducerPlan, 'ring' | 'dataBell' | 'roomBell'> & {
  readonly capacityBytes: number
  readonly framesPerDrain: number
  /** Counters of the ring at the start. */
  readonly position: number
}

const crossing = test.macro({
  title: (_, plan: Plan) =>
    `${plan.frames} frames of up to ${plan.payloadBytesMax} B cross a ring of ${plan.capacityBytes} B from ${plan.position}`,
  async exec(t, plan: Plan) {
    const ring = createRing(plan.capacityBytes)
    new Int32Array(ring).fill(plan.position, 0, 64)
    const producerPlan: ProducerPlan = { ...plan, ring, dataBell: createDoorbell(), roomBell: createDoorbell() }
    const dataBell = new Doorbell(producerPlan.dataBell)
    const roomBell = new Doorbell(producerPlan.roomBell)
    const consumer = new RingConsumer(ring)
    const nextSize = frameSizes(plan.seed, plan.payloadBytesMax)
    let n = 0
    let fault: string | undefined

    const worker = new Worker(new URL('./ring-producer.ts', import.meta.url), { workerData: producerPlan })
    t.teardown(() => worker.terminate())
    const waited = once(worker, 'message')
    const exited = once(worker, 'exit')
    while (n < plan.frames) {
      await dataBell.rung(Number.POSITIVE_INFINITY)
      const read = () =>
        consumer.drain((bytes, start, end, kind) => {
          const payloadBytes = nextSize()
          if (end - start !== payloadBytes) fault ??= `frame ${n} has ${end - start} B instead of ${payloadBytes} B`
          if (kind !== n % 200) fault ??= `frame ${n} has kind ${kind}`
          fault ??= frameFault(bytes, start, payloadBytes, n)
          n++
        }, plan.framesPerDrain)
      while (read() > 0) roomBell.ring()
      if (fault !== undefined) break
    }
    t.is(fault, undefined)
    t.is(n, plan.frames)
    t.is(consumer.usedBytes(), 0)
    const [waits] = (await waited) as [number]
    t.true(waits > 0, 'the producer never had to wait: the ring is too big for this test')
    await exited
  },
})

const base: Plan = {
  capacityBytes: 1024,
  frames: 200_000,
  payloadBytesMax: 60,
  seed: 7,
  framesPerRing: 8,
  framesPerDrain: 5,
  position: 0,
}

test.serial(crossing, base)
test.serial(crossing, { ...base, capacityBytes: 65_536, frames: 2_000_000, framesPerRing: 64, framesPerDrain: 1000 })
test.serial(crossing, { ...base, capacityBytes: 4096, position: -65_536, payloadBytesMax: 2040, seed: 11 })
test.serial(crossing, { ...base, capacityBytes: 4096, position: 2 ** 31 - 65_536, framesPerRing: 1, framesPerDrain: 1 })
