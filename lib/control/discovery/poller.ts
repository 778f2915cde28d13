import { backoffMs } from '../../../shared/backoff.ts'
import { PenstockError } from '../../../shared/errors.ts'
import { DiscoveryFailed } from './error.ts'
import { GroupMemory } from './groups.ts'
import type { Discoverer, DiscoveryListener, EndpointErrors, TargetGroup } from './provider.ts'

/** The first wait after a failure, unless the interval is shorter; it doubles up to the interval. */
const RETRY_MIN_MS = 1000

/** A source that is asked for everything it has, again and again. */
export interface Poll {
  /**
   * @param tell for what only a part of the answer suffers from
   * @throws {PenstockError} it gave no answer, or one that makes no sense
   */
  ask(tell: (problem: string) => void): Promise<readonly TargetGroup[]>
  /** Ends what is under way. Nobody asks any more. */
  close(): void
  readonly endpoint?: EndpointErrors | undefined
}

/**
 * Asks a source at an interval, and sooner after a failure: what it told last stays in force meanwhile. The next
 * question waits for the answer to the one before it.
 */
export class Poller implements Discoverer {
  readonly #poll: Poll
  readonly #intervalMs: number
  readonly #memory = new GroupMemory()
  #listener: DiscoveryListener | undefined
  #timer: NodeJS.Timeout | undefined
  /** Since the last answer. */
  #failures = 0

  constructor(poll: Poll, intervalMs: number) {
    this.#poll = poll
    this.#intervalMs = intervalMs
  }

  get endpoint(): EndpointErrors | undefined {
    return this.#poll.endpoint
  }

  start(listener: DiscoveryListener): Promise<void> {
    this.#listener = listener
    return this.#turn()
  }

  close(): void {
    this.#listener = undefined
    clearTimeout(this.#timer)
    this.#poll.close()
  }

  async #turn(): Promise<void> {
    const delayMs = await this.#ask()
    if (this.#listener !== undefined) this.#timer = setTimeout(() => void this.#turn(), delayMs)
  }

  /** @returns when to ask next */
  async #ask(): Promise<number> {
    try {
      const groups = await this.#poll.ask(problem => this.#listener?.onProblem(problem))
      this.#failures = 0
      const changed = this.#memory.update(groups)
      if (changed !== undefined) this.#listener?.onGroups(changed)
      return this.#intervalMs
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      this.#listener?.onProblem(error.message)
      const askedMs = error instanceof DiscoveryFailed ? error.retryAfterMs : undefined
      const minMs = Math.min(RETRY_MIN_MS, this.#intervalMs)
      return askedMs ?? backoffMs(this.#failures++, minMs, this.#intervalMs, Math.random())
    }
  }
}
