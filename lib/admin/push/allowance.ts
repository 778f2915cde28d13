/** Longer delays would overflow the timer and fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

type Waiting = { readonly amount: number; readonly admit: (isGiven: boolean) => void }

/** A limited amount of something that is lent out. Those who ask for more than there is wait in a row, up to a time. */
export class Allowance {
  readonly total: number
  readonly #waiting = new Set<Waiting>()
  #used = 0
  #waits = 0
  #timeouts = 0

  constructor(total: number) {
    this.total = total
  }

  get used(): number {
    return this.#used
  }

  /** How many had to wait so far, and how many of them in vain. */
  get waits(): number {
    return this.#waits
  }

  get timeouts(): number {
    return this.#timeouts
  }

  /**
   * Borrows so much; all there is, if it is more than that.
   *
   * @returns what has to be given back; undefined if it was not to be had within `timeoutMs`
   */
  async take(wanted: number, timeoutMs: number): Promise<number | undefined> {
    const amount = Math.min(wanted, this.total)
    if (this.#waiting.size === 0 && this.#used + amount <= this.total) {
      this.#used += amount
      return amount
    }
    this.#waits++
    return (await this.#wait(amount, timeoutMs)) ? amount : undefined
  }

  give(amount: number): void {
    this.#used -= amount
    for (const next of this.#waiting) {
      if (this.#used + next.amount > this.total) return
      this.#used += next.amount
      this.#waiting.delete(next)
      next.admit(true)
    }
  }

  async #wait(amount: number, timeoutMs: number): Promise<boolean> {
    const { promise, resolve: admit } = Promise.withResolvers<boolean>()
    const waiting = { amount, admit }
    this.#waiting.add(waiting)
    const timer = setTimeout(
      () => {
        this.#timeouts++
        this.#waiting.delete(waiting)
        admit(false)
        // Whoever is next may want less.
        this.give(0)
      },
      Math.min(timeoutMs, TIMER_MS_MAX),
    )
    const isGiven = await promise
    clearTimeout(timer)
    return isGiven
  }
}
