import { type FieldTable, fieldTable, type YamlMap, type YamlValue } from '../../yaml/value.ts'

/** Fields that are taken with some values, for these are what happens anyway, and refused with all others. */
export type FieldConditions = Readonly<Record<string, FieldCondition>>

type FieldCondition = {
  /** @throws {ConfigError} the value is of the wrong type */
  readonly fits: (value: YamlValue) => boolean
  readonly why: string
}

const isFalse = (value: YamlValue) => !value.asBoolean()
const isZero = (value: YamlValue) => Number(value.asString()) === 0
const isBoolean = (value: YamlValue) => {
  value.asBoolean()
  return true
}
const NO_NATIVE_HISTOGRAMS = 'native histograms are not scraped'

/** Of Prometheus, global or of a job. */
const CONDITIONS: FieldConditions = {
  track_timestamps_staleness: {
    fits: value => value.asBoolean(),
    why: 'series with timestamps of their own get stale markers in any case; remove it or say true',
  },
  // Classic histograms are always scraped.
  scrape_classic_histograms: { fits: isBoolean, why: '' },
  always_scrape_classic_histograms: { fits: isBoolean, why: '' },
  scrape_native_histograms: { fits: isFalse, why: NO_NATIVE_HISTOGRAMS },
  convert_classic_histograms_to_nhcb: { fits: isFalse, why: NO_NATIVE_HISTOGRAMS },
  native_histogram_bucket_limit: { fits: isZero, why: NO_NATIVE_HISTOGRAMS },
  native_histogram_min_bucket_factor: { fits: isZero, why: NO_NATIVE_HISTOGRAMS },
  extra_scrape_metrics: { fits: isFalse, why: 'a scrape writes the metrics about itself that vmagent writes' },
}

/** Fields that only Prometheus has, in the global section and in jobs alike. Some are read where they are used. */
export const PROMETHEUS_FIELDS: FieldTable = {
  ...fieldTable(
    ...['scrape_protocols', 'body_size_limit', 'label_name_length_limit', 'label_value_length_limit'],
    ...['metric_name_validation_scheme', 'metric_name_escaping_scheme', 'keep_dropped_targets', 'target_limit'],
    ...Object.keys(CONDITIONS),
  ),
  scrape_failure_log_file: { foreign: 'failed scrapes are in the log of the agent' },
}

/** Refuses what is not done here. @throws {ConfigError} */
export function checkPrometheusFields(map: YamlMap): void {
  checkConditions(map, CONDITIONS)
}

/** @throws {ConfigError} a value does not fit; if the file is not read strictly that is a warning */
export function checkConditions(map: YamlMap, conditions: FieldConditions): void {
  for (const [name, { fits, why }] of Object.entries(conditions)) {
    const value = map.get(name)
    if (value === undefined || fits(value)) continue
    value.source.reportUnknownField(value.error(`this is not supported: ${why}`))
  }
}
