import type { Label, RelabelRuleSpec } from '../../../shared/target.ts'
import { parseRules } from '../../relabel/parse-rules.ts'
import type { ConfigError } from '../../yaml/error.ts'
import { type FieldTable, fieldTable, type YamlValue } from '../../yaml/value.ts'
import { readDurationMs } from './scalars.ts'

const INTERVAL_DEFAULT_MS = 60_000
const TIMEOUT_DEFAULT_MS = 10_000

/** Fields of Prometheus, global or of a job, for limits that are not enforced and formats that are not spoken here. */
export const PROMETHEUS_FIELDS: FieldTable = {
  scrape_protocols: { foreign: 'targets are asked for the text format 0.0.4 only' },
  target_limit: { foreign: 'the number of targets is not limited' },
  label_name_length_limit: { foreign: 'the length of label names is not limited' },
  label_value_length_limit: { foreign: 'the length of label values is not limited' },
  keep_dropped_targets: { foreign: 'set -promscrape.maxDroppedTargets' },
  metric_name_validation_scheme: { foreign: 'names are taken as they come' },
  metric_name_escaping_scheme: { foreign: 'names are taken as they come' },
  scrape_classic_histograms: { foreign: 'native histograms are not scraped' },
  always_scrape_classic_histograms: { foreign: 'native histograms are not scraped' },
  convert_classic_histograms_to_nhcb: { foreign: 'native histograms are not scraped' },
  scrape_native_histograms: { foreign: 'native histograms are not scraped' },
  native_histogram_bucket_limit: { foreign: 'native histograms are not scraped' },
  native_histogram_min_bucket_factor: { foreign: 'native histograms are not scraped' },
}

const GLOBAL_FIELDS: FieldTable = {
  ...fieldTable(
    ...['scrape_interval', 'scrape_timeout', 'external_labels', 'sample_limit', 'label_limit', 'body_size_limit'],
    ...['relabel_configs', 'metric_relabel_configs', 'evaluation_interval'],
  ),
  ...PROMETHEUS_FIELDS,
  query_log_file: { foreign: 'there are no queries to log' },
  scrape_failure_log_file: { foreign: 'failed scrapes are in the log of the agent' },
  rule_query_offset: { foreign: 'no rules are evaluated here' },
}

/** What a job falls back to. */
export type GlobalConfig = {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly externalLabels: readonly Label[]
  readonly sampleLimit: number
  readonly labelLimit: number
  /** Field of Prometheus; a job reads it as it reads its own. */
  readonly bodySizeLimit?: YamlValue
  readonly relabelRules: readonly RelabelRuleSpec[]
  readonly metricRelabelRules: readonly RelabelRuleSpec[]
  /** Faults of the relabeling rules: no job can be used with them. */
  readonly problems: readonly ConfigError[]
}

/** @throws {ConfigError} on unknown fields and wrong types */
export function readGlobal(value: YamlValue | undefined): GlobalConfig {
  const map = value?.asMap().check(GLOBAL_FIELDS)
  const relabel = map?.get('relabel_configs')
  const metricRelabel = map?.get('metric_relabel_configs')
  const rules = relabel && parseRules(relabel)
  const metricRules = metricRelabel && parseRules(metricRelabel)
  // No rules are evaluated, so it makes no difference how often: checked, and that is all there is to do.
  readDurationMs(map?.get('evaluation_interval'))
  const bodySizeLimit = map?.get('body_size_limit')
  return {
    intervalMs: readDurationMs(map?.get('scrape_interval')) || INTERVAL_DEFAULT_MS,
    timeoutMs: readDurationMs(map?.get('scrape_timeout')) || TIMEOUT_DEFAULT_MS,
    externalLabels: readExternalLabels(map?.get('external_labels')),
    sampleLimit: readLimit(map?.get('sample_limit')),
    labelLimit: readLimit(map?.get('label_limit')),
    ...(bodySizeLimit !== undefined && { bodySizeLimit }),
    relabelRules: rules?.rules ?? [],
    metricRelabelRules: metricRules?.rules ?? [],
    problems: [...(rules?.problems ?? []), ...(metricRules?.problems ?? [])],
  }
}

/** A count; nothing, 0 and less mean no limit: 0. */
export function readLimit(value: YamlValue | undefined): number {
  return Math.max(value?.asInteger() ?? 0, 0)
}

function readExternalLabels(value: YamlValue | undefined): readonly Label[] {
  return (value?.asMap().asPairs() ?? [])
    .map(([name, text]) => ({ name, value: text }))
    .filter(label => label.name !== '' && label.value !== '')
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
