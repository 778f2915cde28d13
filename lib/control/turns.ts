/** Runs a task, one run at a time. */
export class Turns<T> {
  readonly #task: () => Promise<T>
  /** The run that has not begun yet. */
  #next: Promise<T> | undefined
  /** Resolves after the last run so far. */
  #idle: Promise<unknown> = Promise.resolve()

  constructor(task: () => Promise<T>) {
    this.#task = task
  }

  /** The next run, shared by all who ask before it begins; one that has begun may be too far to see what they changed. */
  next(): Promise<T> {
    if (this.#next !== undefined) return this.#next
    const run = this.#idle.then(() => {
      this.#next = undefined
      return this.#task()
    })
    this.#next = run
    this.#idle = run.catch(() => {}) // those who asked for the run see the error
    return run
  }

  /** Resolves when all runs that were asked for have ended, whether or not they worked. */
  async idle(): Promise<void> {
    await this.#idle
  }
}
