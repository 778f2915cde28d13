import { setImmediate as turnOfEventLoop } from 'node:timers/promises'

/** Jobs go on for so long before sockets and timers have their turn. */
const TURN_MS = 20

type Job = () => Promise<void>

/** The turn of a job that others wait for. */
export type Turn = {
  /** Resolves or rejects as the job does; rejects if the turn was taken back. */
  readonly done: Promise<void>
  /** Nothing happens if the job has begun. */
  takeBack(reason: Error): void
}

/** What needs the kernel: one job at a time, in the order of arrival, for the kernel has one scratch memory. */
export class KernelTurns {
  readonly #waiting: Job[] = []
  #working: Promise<void> | undefined

  /** Runs `job` after all that came before it. What it throws is a bug, and ends the thread. */
  add(job: Job): void {
    this.#waiting.push(job)
    this.#working ??= this.#work()
  }

  /** As `add`, for those who wait for the end of their job and see what it throws. */
  take(job: Job): Turn {
    const { promise: done, resolve, reject } = Promise.withResolvers<void>()
    const turn = () => job().then(resolve, reject)
    this.add(turn)
    const takeBack = (reason: Error) => {
      const place = this.#waiting.indexOf(turn)
      if (place < 0) return
      this.#waiting.splice(place, 1)
      reject(reason)
    }
    return { done, takeBack }
  }

  /** Resolves when no job runs or waits. */
  async idle(): Promise<void> {
    await this.#working
  }

  async #work(): Promise<void> {
    let turnStartMs = performance.now()
    try {
      for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
        await job()
        if (performance.now() - turnStartMs < TURN_MS) continue
        // Fetches would time out, with their answers unread, while many new targets are learned at once.
        await turnOfEventLoop()
        turnStartMs = performance.now()
      }
    } finally {
      this.#working = undefined
    }
  }
}
