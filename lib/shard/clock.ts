/** Time as a shard sees it, so that tests own it. */
export interface Clock {
  /** Since the epoch. */
  nowMs(): number
  /** Calls `fire` once after `delayMs`; gives what `cancel` takes. */
  after(delayMs: number, fire: () => void): unknown
  cancel(timer: unknown): void
}

/** Longer delays would overflow the timer and fire at once; whoever waits looks at the clock and waits on. */
const TIMER_MS_MAX = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, fire) => setTimeout(fire, Math.min(Math.max(delayMs, 0), TIMER_MS_MAX)),
  cancel: timer => clearTimeout(timer as NodeJS.Timeout | undefined),
}
