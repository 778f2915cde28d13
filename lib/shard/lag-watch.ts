/** How long the worst lag is remembered. */
const WINDOW_MS = 60_000

/** How late scrapes start: the worst of the last minute. */
export class LagWatch {
  #maxMs = 0
  #sinceMs = 0

  get maxMs(): number {
    return this.#maxMs
  }

  note(lagMs: number, nowMs: number): void {
    if (nowMs - this.#sinceMs > WINDOW_MS) {
      this.#sinceMs = nowMs
      this.#maxMs = 0
    }
    this.#maxMs = Math.max(this.#maxMs, lagMs)
  }
}
