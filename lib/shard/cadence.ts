import type { Clock } from './clock.ts'

/** What a cadence schedules: due at every `n * intervalMs + offsetMs` since the epoch. */
export interface Beat {
  readonly intervalMs: number
  readonly offsetMs: number
}

type Slot<T> = { dueMs: number; readonly item: T; isRemoved: boolean }

/** The first time after `nowMs` at which `beat` is due. */
export function nextDueMs(beat: Beat, nowMs: number): number {
  return Math.floor((nowMs - beat.offsetMs) / beat.intervalMs + 1) * beat.intervalMs + beat.offsetMs
}

/**
 * Calls `onDue` for each item at its times, with the time it was due at: one timer for all, whose next firing is at the
 * top of a heap. Ticks that passed while the thread was busy are skipped, and reported.
 */
export class Cadence<T extends Beat> {
  readonly #clock: Clock
  readonly #onDue: (item: T, dueMs: number, skipped: number) => void
  #heap: Slot<T>[] = []
  readonly #slots = new Map<T, Slot<T>>()
  #timer: unknown
  #timerMs = Number.POSITIVE_INFINITY

  /** @param onDue gets the newest tick that is due, and how many before it were skipped */
  constructor(clock: Clock, onDue: (item: T, dueMs: number, skipped: number) => void) {
    this.#clock = clock
    this.#onDue = onDue
  }

  add(item: T): void {
    this.#addAfter(this.#clock.nowMs(), item)
  }

  /** `next` takes the place of `item`: if that is due and was not called yet, `next` is called. */
  replace(item: T, next: T): void {
    const dueMs = this.#slots.get(item)?.dueMs ?? Number.POSITIVE_INFINITY
    this.remove(item)
    this.#addAfter(Math.min(this.#clock.nowMs(), dueMs - 1), next)
  }

  #addAfter(timeMs: number, item: T): void {
    const slot = { dueMs: nextDueMs(item, timeMs), item, isRemoved: false }
    this.#slots.set(item, slot)
    this.#push(slot)
    this.#arm()
  }

  /** The item is not called any more. */
  remove(item: T): void {
    const slot = this.#slots.get(item)
    if (slot === undefined) return
    slot.isRemoved = true
    this.#slots.delete(item)
    // Removed items stay in the heap until they are due; many of them are worth a sweep.
    if (this.#slots.size * 2 < this.#heap.length) this.#rebuild()
  }

  stop(): void {
    this.#clock.cancel(this.#timer)
    this.#timerMs = Number.POSITIVE_INFINITY
    this.#heap = []
    this.#slots.clear()
  }

  #rebuild(): void {
    this.#heap = []
    for (const slot of this.#slots.values()) this.#push(slot)
  }

  /** The clock was set back: what is due an hour later on it may be due now. */
  #startAgain(nowMs: number): void {
    for (const slot of this.#slots.values()) slot.dueMs = nextDueMs(slot.item, nowMs - 1)
    this.#rebuild()
  }

  #arm(): void {
    const dueMs = this.#heap[0]?.dueMs
    if (dueMs === undefined || dueMs >= this.#timerMs) return
    this.#clock.cancel(this.#timer)
    this.#timerMs = dueMs
    this.#timer = this.#clock.after(dueMs - this.#clock.nowMs(), () => this.#fire())
  }

  #fire(): void {
    this.#timerMs = Number.POSITIVE_INFINITY
    const nowMs = this.#clock.nowMs()
    const first = this.#heap[0]
    if (first !== undefined && first.dueMs > nextDueMs(first.item, nowMs)) this.#startAgain(nowMs)
    while (this.#heap.length > 0 && this.#heap[0]!.dueMs <= nowMs) {
      const slot = this.#heap[0]!
      const { item } = slot
      if (slot.isRemoved) {
        this.#pop()
        continue
      }
      const nextMs = nextDueMs(item, nowMs)
      const dueMs = nextMs - item.intervalMs
      const skipped = Math.round((dueMs - slot.dueMs) / item.intervalMs)
      slot.dueMs = nextMs
      this.#sink(0)
      this.#onDue(item, dueMs, skipped)
    }
    this.#arm()
  }

  #push(slot: Slot<T>): void {
    const heap = this.#heap
    let at = heap.push(slot) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.dueMs <= slot.dueMs) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = slot
  }

  #pop(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #sink(at: number): void {
    const heap = this.#heap
    const slot = heap[at]!
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child++
      if (heap[child]!.dueMs >= slot.dueMs) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = slot
  }
}
