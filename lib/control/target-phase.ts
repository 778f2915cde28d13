import type { Label } from '../../shared/target.ts'
import { hashToFraction, xxhash64 } from '../../shared/xxhash64.ts'
import type { ClusterOptions, JobConfig } from './config/types.ts'
import { quoteLabels } from './quote.ts'

/**
 * Phases that nobody asked for lie on a grid, so that a shard wakes up for several scrapes at once and does them with
 * warm caches: scrapes that are spread evenly cost half as much again. Even a short interval has enough of them.
 */
const PHASE_GRID_MS = 50
const PHASES_PER_INTERVAL_MIN = 20

/** What a target's phase depends on besides its job. */
export type PhaseInput = {
  readonly url: string
  /** Without external labels, sorted by name. */
  readonly labels: readonly Label[]
  readonly intervalMs: number
}

/**
 * When a target is scraped: at every `n * intervalMs` plus this since the epoch.
 *
 * `scrape_offset` is taken exactly. Else the phase is that of vmagent, so that both scrape the target at the same moments,
 * rounded down: to the grid or, with `scrape_align_interval`, to a multiple of it. Where that does not divide the
 * interval, to a multiple of what both share.
 *
 * @returns whole milliseconds, 0 to `intervalMs - 1`
 */
export function phaseMs(
  { url, labels, intervalMs }: PhaseInput,
  { alignIntervalMs, offsetMs }: Pick<JobConfig, 'alignIntervalMs' | 'offsetMs'>,
  { name, memberNum }: Pick<ClusterOptions, 'name' | 'memberNum'>,
): number {
  if (offsetMs !== undefined) return offsetMs % intervalMs
  const text = `clusterName=${name}, clusterMemberID=${memberNum}, ScrapeURL=${url}, Labels=${quoteLabels(labels)}`
  const hashedMs = Math.min(Math.floor(intervalMs * hashToFraction(xxhash64(text))), intervalMs - 1)
  return hashedMs - (hashedMs % stepMs(alignIntervalMs, intervalMs))
}

function stepMs(alignIntervalMs: number, intervalMs: number): number {
  if (alignIntervalMs > 0) return greatestCommonDivisor(alignIntervalMs, intervalMs)
  return Math.min(PHASE_GRID_MS, Math.ceil(intervalMs / PHASES_PER_INTERVAL_MIN))
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}
