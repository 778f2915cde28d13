import {
  STATE_ADDED,
  STATE_ENCODED,
  STATE_INVALID,
  STATE_KEPT,
  STATE_LEARNED,
  STATE_SCRAPED,
} from '../../kernel/layout.ts'
import type { Kernel } from './kernel.ts'

/** What a scrape's lines came to. */
export type RoundCounts = {
  /** Valid lines; those that relabeling kept; invalid lines; lines whose series the target did not have before. */
  readonly scraped: number
  readonly kept: number
  readonly invalid: number
  readonly added: number
  /** Series labelled by the kernel, and by the host. */
  readonly encoded: number
  readonly learned: number
}

export function clearCounts(kernel: Kernel): void {
  for (const field of [STATE_SCRAPED, STATE_KEPT, STATE_INVALID, STATE_ADDED, STATE_ENCODED, STATE_LEARNED]) {
    kernel.set(field, 0)
  }
}

export function readCounts(kernel: Kernel): RoundCounts {
  return {
    scraped: kernel.get(STATE_SCRAPED),
    kept: kernel.get(STATE_KEPT),
    invalid: kernel.get(STATE_INVALID),
    added: kernel.get(STATE_ADDED),
    encoded: kernel.get(STATE_ENCODED),
    learned: kernel.get(STATE_LEARNED),
  }
}
