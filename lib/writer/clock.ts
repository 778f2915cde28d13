import { setTimeout as delay } from 'node:timers/promises'

/** Time and chance as the writer sees them, so that tests own both. */
export type Clock = {
  /** Never goes back; its zero means nothing. */
  monotonicMs(): number
  epochMs(): number
  /** 0 to 1. */
  random(): number
  /** Resolves after `ms`, or as soon as `signal` is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

const TIMER_MS_MAX = 2 ** 31 - 1

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  epochMs: () => Date.now(),
  random: () => Math.random(),
  async sleep(ms, signal) {
    await delay(Math.min(ms, TIMER_MS_MAX), undefined, { signal }).catch(() => {})
  },
}
