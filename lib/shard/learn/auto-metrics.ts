import type { TargetSpec } from '../../../shared/target.ts'

/** A series that a scrape writes about itself. */
export type AutoMetric =
  | 'scrape_duration_seconds'
  | 'scrape_response_size_bytes'
  | 'scrape_samples_limit'
  | 'scrape_samples_post_metric_relabeling'
  | 'scrape_samples_scraped'
  | 'scrape_series_added'
  | 'scrape_series_current'
  | 'scrape_series_limit_samples_dropped'
  | 'scrape_series_limit'
  | 'scrape_labels_limit'
  | 'scrape_timeout_seconds'
  | 'up'

const AUTO_METRICS: readonly AutoMetric[] = [
  'scrape_duration_seconds',
  'scrape_response_size_bytes',
  'scrape_samples_limit',
  'scrape_samples_post_metric_relabeling',
  'scrape_samples_scraped',
  'scrape_series_added',
  'scrape_series_current',
  'scrape_series_limit_samples_dropped',
  'scrape_series_limit',
  'scrape_labels_limit',
  'scrape_timeout_seconds',
  'up',
]

const RESERVED_NAMES: ReadonlySet<string> = new Set(AUTO_METRICS)

/** The series that every scrape of the target writes about itself, in vmagent's order. */
export function autoMetricsOf(target: TargetSpec): AutoMetric[] {
  return AUTO_METRICS.filter(metric => {
    const limit = limitOf(metric, target)
    return limit === undefined || limit > 0
  })
}

/** The limit without which there is no such series. */
function limitOf(metric: AutoMetric, target: TargetSpec): number | undefined {
  switch (metric) {
    case 'scrape_samples_limit':
      return target.sampleLimit
    case 'scrape_series_current':
    case 'scrape_series_limit_samples_dropped':
    case 'scrape_series_limit':
      return target.seriesLimit
    case 'scrape_labels_limit':
      return target.labelLimit
  }
  return undefined
}

/** Whether a series of this name without labels would be taken for one that the scrape writes about itself. */
export function isAutoMetricName(name: string): boolean {
  return RESERVED_NAMES.has(name)
}
