import { SCRAPE_DURATION_BOUNDS_SECONDS, type ShardCounter } from '../../../shared/counters.ts'
import type { MetricFamily, MetricSample, MetricType } from '../exposition.ts'
import type { ShardView } from '../view.ts'

/** A family that adds counters up over all shards. */
type SumRow = {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly counters: readonly ShardCounter[]
  readonly labels?: Readonly<Record<string, string>>
}

/** A family with one value for each shard; the counter is divided by `per` (1 if absent). */
type ShardRow = {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly counter: ShardCounter
  readonly per?: number
}

/** What vmagent has under the same name. */
const SUMS: readonly SumRow[] = [
  {
    name: 'vm_promscrape_scrape_requests_total',
    type: 'counter',
    help: 'Scrapes that finished, failed ones included.',
    counters: ['scrapes'],
  },
  {
    name: 'vm_promscrape_scrapes_total',
    type: 'counter',
    help: 'Scrapes whose whole body was read and accepted.',
    // A difference of two counters could step back between two reads; this sum cannot.
    counters: ['stencilHits', 'stencilMisses'],
    labels: { status_code: '200' },
  },
  {
    name: 'vm_promscrape_scrapes_failed_total',
    type: 'counter',
    help: 'Scrapes that failed for any reason.',
    counters: ['scrapesFailed'],
  },
  {
    name: 'vm_promscrape_scrapes_timed_out_total',
    type: 'counter',
    help: 'Scrapes that took longer than their timeout.',
    counters: ['scrapesTimedOut'],
  },
  {
    name: 'vm_promscrape_scrapes_skipped_by_sample_limit_total',
    type: 'counter',
    help: 'Scrapes that were refused as a whole because of sample_limit.',
    counters: ['scrapesOverSampleLimit'],
  },
  {
    name: 'vm_promscrape_scrapes_skipped_by_label_limit_total',
    type: 'counter',
    help: 'Scrapes that were refused as a whole because of label_limit.',
    counters: ['scrapesOverLabelLimit'],
  },
  {
    name: 'vm_promscrape_max_scrape_size_exceeded_errors_total',
    type: 'counter',
    help: 'Scrapes that were refused because the body was larger than max_scrape_size.',
    counters: ['scrapesOverBodyLimit'],
  },
  {
    name: 'vm_promscrape_conn_bytes_read_total',
    type: 'counter',
    help: 'Bytes of scraped bodies as they came over the wire; headers are not counted.',
    counters: ['bodyWireBytes'],
  },
  {
    name: 'vm_promscrape_stale_samples_created_total',
    type: 'counter',
    help: 'Stale markers made for series that vanished.',
    counters: ['staleMarkers'],
  },
  {
    name: 'vmagent_remotewrite_global_relabel_metrics_dropped_total',
    type: 'counter',
    help: 'Samples that the relabeling for all destinations dropped; stale markers are not counted.',
    counters: ['samplesDroppedForAll'],
  },
]

/** What only Penstock has, or has for each shard. */
const BY_SHARD: readonly ShardRow[] = [
  { name: 'penstock_shard_targets', type: 'gauge', help: 'Targets of a shard.', counter: 'targets' },
  { name: 'penstock_shard_targets_up', type: 'gauge', help: 'Targets whose last scrape worked.', counter: 'targetsUp' },
  { name: 'penstock_shard_series', type: 'gauge', help: 'Live series in the stencils of a shard.', counter: 'series' },
  { name: 'penstock_scrapes_total', type: 'counter', help: 'Scrapes that finished.', counter: 'scrapes' },
  {
    name: 'penstock_scrapes_skipped_total',
    type: 'counter',
    help: 'Ticks that passed while the scrape before was still running.',
    counter: 'scrapesSkipped',
  },
  {
    name: 'penstock_scrape_lag_max_seconds',
    type: 'gauge',
    help: 'Worst lateness of the start of a scrape in the last minute.',
    counter: 'scrapeLagMaxMs',
    per: 1000,
  },
  {
    name: 'penstock_scrape_body_text_bytes_total',
    type: 'counter',
    help: 'Bytes of scraped bodies after decompression.',
    counter: 'bodyTextBytes',
  },
  {
    name: 'penstock_stencil_hits_total',
    type: 'counter',
    help: 'Scrapes that matched their stencil line by line.',
    counter: 'stencilHits',
  },
  {
    name: 'penstock_stencil_misses_total',
    type: 'counter',
    help: 'Scrapes that changed the structure of their stencil.',
    counter: 'stencilMisses',
  },
  {
    name: 'penstock_chunks_encoded_total',
    type: 'counter',
    help: 'Chunks of stencils that were compressed anew.',
    counter: 'chunksEncoded',
  },
  {
    name: 'penstock_series_encoded_total',
    type: 'counter',
    help: 'Series that the kernel encoded.',
    counter: 'seriesEncoded',
  },
  {
    name: 'penstock_series_learned_total',
    type: 'counter',
    help: 'Series that were new and took the slow path.',
    counter: 'seriesLearned',
  },
  {
    name: 'penstock_samples_published_total',
    type: 'counter',
    help: 'Samples handed to the ring, automatic metrics and stale markers included.',
    counter: 'samplesPublished',
  },
  {
    name: 'penstock_samples_dropped_by_relabeling_total',
    type: 'counter',
    help: 'Scraped samples that relabeling dropped.',
    counter: 'samplesDroppedByRelabeling',
  },
  {
    name: 'penstock_stale_markers_total',
    type: 'counter',
    help: 'Stale markers handed to the ring.',
    counter: 'staleMarkers',
  },
  {
    name: 'penstock_ring_waits_total',
    type: 'counter',
    help: 'Times that a shard waited for room in its ring.',
    counter: 'ringWaits',
  },
  {
    name: 'penstock_ring_wait_seconds_total',
    type: 'counter',
    help: 'Time that a shard waited for room in its ring.',
    counter: 'ringWaitMs',
    per: 1000,
  },
]

/** Families about scrapes, from the counters of the shards. */
export function shardFamilies(shards: readonly ShardView[]): MetricFamily[] {
  return [
    ...SUMS.map(({ name, type, help, counters, labels = {} }) => ({
      name,
      type,
      help,
      samples: [{ labels, value: sum(shards, counters) }],
    })),
    ...totals(shards),
    ...durations(shards),
    ...BY_SHARD.map(({ name, type, help, counter, per = 1 }) =>
      byShard(name, type, help, shards, ({ counters }) => counters.get(counter) / per),
    ),
    byShard(
      'penstock_ring_used_bytes',
      'gauge',
      'Bytes in a ring that the writer has not taken yet.',
      shards,
      s => s.ringUsedBytes,
    ),
    byShard('penstock_ring_capacity_bytes', 'gauge', 'Size of a ring.', shards, s => s.ringCapacityBytes),
  ]
}

/** vmagent has histograms here; Penstock counts what the dashboards ask for: sum and count. */
function totals(shards: readonly ShardView[]): MetricFamily[] {
  const scrapes = sum(shards, ['scrapes'])
  const family = (name: string, help: string, counter: ShardCounter): MetricFamily => ({
    name,
    type: 'untyped',
    help,
    samples: [
      { suffix: '_sum', value: sum(shards, [counter]) },
      { suffix: '_count', value: scrapes },
    ],
  })
  return [
    family('vm_promscrape_scraped_samples', 'Samples in a scrape.', 'samplesScraped'),
    family('vm_promscrape_scrape_response_size_bytes', 'Bytes in a decompressed body.', 'bodyTextBytes'),
  ]
}

/** The duration of scrapes twice: with the `vmrange` buckets that vmagent's dashboards query, and with `le` buckets. */
function durations(shards: readonly ShardView[]): MetricFamily[] {
  const bounds = [...SCRAPE_DURATION_BOUNDS_SECONDS, Number.POSITIVE_INFINITY] as const
  const counts = bounds.map(bound => sum(shards, [`scrapeDurationBucket${bound}`]))
  const ranges: MetricSample[] = []
  const buckets: MetricSample[] = []
  let count = 0
  bounds.forEach((bound, index) => {
    count += counts[index]!
    const vmrange = `${rangeBound(bounds[index - 1] ?? 0)}...${rangeBound(bound)}`
    ranges.push({ suffix: '_bucket', labels: { vmrange }, value: counts[index]! })
    buckets.push({
      suffix: '_bucket',
      labels: { le: bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound) },
      value: count,
    })
  })
  const totals: MetricSample[] = [
    { suffix: '_sum', value: sum(shards, ['scrapeDurationSumSeconds']) },
    { suffix: '_count', value: count },
  ]
  const help = 'How long a scrape took.'
  return [
    { name: 'vm_promscrape_scrape_duration_seconds', type: 'untyped', help, samples: [...ranges, ...totals] },
    { name: 'penstock_scrape_duration_seconds', type: 'histogram', help, samples: [...buckets, ...totals] },
  ]
}

/** A bound as VictoriaMetrics prints it: `1.000e-03`. */
function rangeBound(bound: number): string {
  if (bound === 0) return '0'
  if (bound === Number.POSITIVE_INFINITY) return '+Inf'
  return bound.toExponential(3).replace(/e([+-])(\d)$/, 'e$10$2')
}

function byShard(
  name: string,
  type: MetricType,
  help: string,
  shards: readonly ShardView[],
  read: (shard: ShardView) => number,
): MetricFamily {
  return {
    name,
    type,
    help,
    samples: shards.map(shard => ({ labels: { shard: String(shard.shard) }, value: read(shard) })),
  }
}

/** Counters of all shards, added up. */
export function sum(shards: readonly ShardView[], names: readonly ShardCounter[]): number {
  let total = 0
  for (const { counters } of shards) for (const name of names) total += counters.get(name)
  return total
}
