import type { LogLevel } from '../../shared/protocol.ts'
import type { Clock } from './clock.ts'

export type Log = (level: LogLevel, message: string) => void

const QUIET_MS = 60_000

/**
 * A log that tells the same thing once a minute at most. What was kept back is counted in the next line of its reason;
 * reasons that came to rest are forgotten.
 */
export class ThrottledLog {
  readonly #log: Log
  readonly #clock: Clock
  readonly #reasons = new Map<string, { readonly toldMs: number; silenced: number }>()

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** @param reason what makes two lines the same; few different ones */
  log(reason: string, level: LogLevel, message: string): void {
    const nowMs = this.#clock.monotonicMs()
    const told = this.#reasons.get(reason)
    if (told !== undefined && nowMs - told.toldMs < QUIET_MS) {
      told.silenced++
      return
    }
    for (const [key, { toldMs }] of this.#reasons) {
      if (nowMs - toldMs >= QUIET_MS) this.#reasons.delete(key)
    }
    this.#reasons.set(reason, { toldMs: nowMs, silenced: 0 })
    const suffix = told === undefined || told.silenced === 0 ? '' : ` (and ${told.silenced} times more since)`
    this.#log(level, message + suffix)
  }
}
