/** A rate is taken over this time, so that blocks of samples which come once a second make it no zigzag. */
const RATE_SECONDS = 5
const NOTES_MAX = 64

/** A count that grows from 0, noted once a second or so. */
export class Flow {
  /** The oldest first. */
  readonly #notes: { readonly seconds: number; readonly total: number }[] = [{ seconds: 0, total: 0 }]

  note(seconds: number, total: number): void {
    this.#notes.push({ seconds, total })
    if (this.#notes.length > NOTES_MAX) this.#notes.shift()
  }

  get total(): number {
    return this.#notes.at(-1)!.total
  }

  /** Of the last few seconds. */
  perSecond(): number {
    return this.#rateTo(this.#notes.length - 1)
  }

  /** The rates at the notes so far, up to a limit; the oldest first. */
  history(): readonly number[] {
    return this.#notes.slice(1).map((_, index) => this.#rateTo(index + 1))
  }

  #rateTo(last: number): number {
    const to = this.#notes[last]!
    const from = this.#notes[Math.max(0, last - RATE_SECONDS)]!
    return to === from ? 0 : (to.total - from.total) / (to.seconds - from.seconds)
  }
}
