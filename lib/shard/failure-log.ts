import type { PenstockError } from '../../shared/errors.ts'
import type { ShardOptions } from '../../shared/protocol.ts'
import type { ShardLog } from './shard.ts'
import type { TargetState } from './target-state.ts'

export type FailureLogOptions = Pick<ShardOptions, 'suppressScrapeErrors' | 'suppressScrapeErrorsDelayMs'>

/** Scrapes of a target, from its first failure on, that the log does not tell of yet. */
export type UntoldScrapes = { readonly tellAtMs: number; failed: number; all: number }

/**
 * Says in the log which targets cannot be scraped, and why: when a target goes down, or, with a delay, at most once in so
 * long and not before it has passed, how many scrapes of the target have failed meanwhile.
 */
export class FailureLog {
  readonly #options: FailureLogOptions
  readonly #log: ShardLog

  constructor(options: FailureLogOptions, log: ShardLog) {
    this.#options = options
    this.#log = log
  }

  /** Before the failure shows in `target`. */
  failed(target: TargetState, error: PenstockError): void {
    const { suppressScrapeErrors, suppressScrapeErrorsDelayMs: delayMs } = this.#options
    if (suppressScrapeErrors) return
    if (delayMs === 0) {
      if (target.up || target.scrapes === 0) this.#warn(target, error)
      return
    }
    target.untold ??= { tellAtMs: target.dueMs + delayMs, failed: 0, all: 0 }
    target.untold.failed++
    target.untold.all++
    if (target.dueMs < target.untold.tellAtMs) return
    this.#warn(target, error, `; ${target.untold.failed} of ${target.untold.all} scrapes have failed of late`)
    target.untold = { tellAtMs: target.dueMs + delayMs, failed: 0, all: 0 }
  }

  succeeded(target: TargetState): void {
    if (target.untold !== undefined) target.untold.all++
  }

  #warn(target: TargetState, error: PenstockError, more = ''): void {
    this.#log('warn', `cannot scrape ${target.spec.url}: ${error.message}${more}`)
  }
}
