import type { AutoMetric } from './learn/auto-metrics.ts'
import type { TargetState } from './target-state.ts'

/** What the auto metrics of one scrape say. */
export type ScrapeFacts = {
  readonly durationMs: number
  readonly textBytes: number
  readonly scraped: number
  readonly kept: number
  readonly added: number
  /** Samples of series over the series limit. */
  readonly overLimit: number
  readonly up: boolean
}

/** Of a scrape that has failed. */
export const NOTHING_SCRAPED = { textBytes: 0, scraped: 0, kept: 0, added: 0, overLimit: 0, up: false }

/** What a series that a scrape writes about itself says. */
export function autoValue(metric: AutoMetric, { spec, limiter }: TargetState, facts: ScrapeFacts): number {
  switch (metric) {
    case 'scrape_duration_seconds':
      return Math.round(facts.durationMs) / 1000
    case 'scrape_response_size_bytes':
      return facts.textBytes
    case 'scrape_samples_limit':
      return spec.sampleLimit
    case 'scrape_samples_post_metric_relabeling':
      return facts.kept
    case 'scrape_samples_scraped':
      return facts.scraped
    case 'scrape_series_added':
      return facts.added
    case 'scrape_series_current':
      return limiter!.size
    case 'scrape_series_limit_samples_dropped':
      return facts.overLimit
    case 'scrape_series_limit':
      return spec.seriesLimit
    case 'scrape_labels_limit':
      return spec.labelLimit
    case 'scrape_timeout_seconds':
      return spec.timeoutMs / 1000
    case 'up':
      return facts.up ? 1 : 0
  }
}
