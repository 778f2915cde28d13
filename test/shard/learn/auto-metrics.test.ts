import test from 'ava'
import { autoMetricsOf, isAutoMetricName } from '../../../lib/shard/learn/auto-metrics.ts'
import { targetOf } from '../../support/learning.ts'

test('every target has seven series about its scrapes', t => {
  t.deepEqual(autoMetricsOf(targetOf()), [
    'scrape_duration_seconds',
    'scrape_response_size_bytes',
    'scrape_samples_post_metric_relabeling',
    'scrape_samples_scraped',
    'scrape_series_added',
    'scrape_timeout_seconds',
    'up',
  ])
})

test('limits bring series that tell them', t => {
  t.deepEqual(autoMetricsOf(targetOf({ sampleLimit: 10, labelLimit: 20, seriesLimit: 30 })), [
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
  ])
})

test('names of such series are reserved, those that a target does not have too', t => {
  for (const name of ['up', 'scrape_labels_limit', 'scrape_series_current']) t.true(isAutoMetricName(name), name)
  for (const name of ['upx', 'scrape_', 'scrape_body_size_bytes', '']) t.false(isAutoMetricName(name), name)
})
