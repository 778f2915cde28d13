/** A series is recent if it was seen in this span of time or in the one before. */
const SPAN_MS = 5000
/** Each of the two spans remembers up to so many; beyond that the count stops, and memory with it. */
export const RECENT_SERIES_MAX = 20_000

/** Counts distinct series of the last 5 to 10 seconds. */
export class RecentSeries {
  readonly #nowMs: () => number
  #spanEndMs: number
  #now = new Set<string>()
  #before = new Set<string>()

  /** @param nowMs a monotonic clock */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#spanEndMs = nowMs() + SPAN_MS
  }

  see(identity: string): void {
    this.#turn()
    if (this.#now.size < RECENT_SERIES_MAX) this.#now.add(identity)
  }

  /** The series gets no more samples. */
  end(identity: string): void {
    this.#now.delete(identity)
    this.#before.delete(identity)
  }

  count(): number {
    this.#turn()
    let onlyBefore = 0
    for (const identity of this.#before) if (!this.#now.has(identity)) onlyBefore += 1
    return this.#now.size + onlyBefore
  }

  #turn(): void {
    const nowMs = this.#nowMs()
    if (nowMs < this.#spanEndMs) return
    this.#before = nowMs < this.#spanEndMs + SPAN_MS ? this.#now : new Set()
    this.#now = new Set()
    this.#spanEndMs = nowMs + SPAN_MS
  }
}
