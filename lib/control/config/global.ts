import type { Label, RelabelRuleSpec } from '../../../shared/target.ts'
import { parseRules } from '../../relabel/parse-rules.ts'
import type { ConfigError } from '../../yaml/error.ts'
import { type FieldTable, fieldTable, type YamlValue } from '../../yaml/value.ts'
import { type FormatFields, readFormats } from './formats.ts'
import { readLimit } from './limits.ts'
import { checkPrometheusFields, PROMETHEUS_FIELDS } from './prometheus-fields.ts'
import { readDurationMs } from './scalars.ts'

const INTERVAL_DEFAULT_MS = 60_000
const TIMEOUT_DEFAULT_MS = 10_000

/** All fields of the global section. */
export const GLOBAL_FIELDS: FieldTable = {
  ...fieldTable(
    ...['scrape_interval', 'scrape_timeout', 'external_labels', 'sample_limit', 'label_limit'],
    ...['relabel_configs', 'metric_relabel_configs', 'evaluation_interval'],
  ),
  ...PROMETHEUS_FIELDS,
  query_log_file: { foreign: 'there are no queries to log' },
  rule_query_offset: { foreign: 'no rules are evaluated here' },
}

/** What a job falls back to. */
export type GlobalConfig = {
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly externalLabels: readonly Label[]
  readonly sampleLimit: number
  readonly labelLimit: number
  readonly labelNameLengthLimit: number
  readonly labelValueLengthLimit: number
  readonly keepDroppedTargets: number
  readonly targetLimit: number
  readonly formats: FormatFields
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
  if (map !== undefined) checkPrometheusFields(map)
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
    labelNameLengthLimit: readLimit(map?.get('label_name_length_limit')),
    labelValueLengthLimit: readLimit(map?.get('label_value_length_limit')),
    keepDroppedTargets: readLimit(map?.get('keep_dropped_targets')),
    targetLimit: readLimit(map?.get('target_limit')),
    formats: readFormats(map),
    ...(bodySizeLimit !== undefined && { bodySizeLimit }),
    relabelRules: rules?.rules ?? [],
    metricRelabelRules: metricRules?.rules ?? [],
    problems: [...(rules?.problems ?? []), ...(metricRules?.problems ?? [])],
  }
}

function readExternalLabels(value: YamlValue | undefined): readonly Label[] {
  return (value?.asMap().asPairs() ?? [])
    .map(([name, text]) => ({ name, value: text }))
    .filter(label => label.name !== '' && label.value !== '')
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
