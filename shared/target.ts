import type { HttpSpec } from './http-spec.ts'

/** One label. Names and values are Unicode strings; order is given by the list that holds it. */
export type Label = { readonly name: string; readonly value: string }

/** One relabeling rule as configured and checked; compiled in the thread that uses it. */
export type RelabelRuleSpec = {
  readonly action: string
  readonly sourceLabels: readonly string[]
  readonly separator: string
  /** Anchored RE2 source; undefined means the default `(.*)`. */
  readonly regex?: string
  readonly targetLabel: string
  readonly replacement: string
  readonly modulus: number
  /** Series selectors, any of which lets the rule apply; none means always. */
  readonly if?: readonly string[]
  /** Of the action `graphite`: the template of the metric name, and the labels to set from its wildcards. */
  readonly match?: string
  readonly labels?: readonly Label[]
}

/** What is checked of each series of a scrape, which fails if one of them does not pass. */
export type SeriesChecks = {
  /** Longest name and longest value of a label, in bytes of UTF-8; 0 means no limit. */
  readonly nameBytesMax: number
  readonly valueBytesMax: number
  /** Names have to be of letters, digits and underscores; those of metrics may have colons. */
  readonly legacyNames: boolean
}

/** Everything that the targets of one scrape job share. Sent to a shard once for all its targets of that job. */
export type JobSpec = {
  /** Unique within a configuration generation; targets refer to it. */
  readonly key: string
  readonly jobName: string
  readonly http: HttpSpec
  readonly externalLabels: readonly Label[]
  readonly metricRelabelRules: readonly RelabelRuleSpec[]
  readonly seriesChecks?: SeriesChecks
  /** Value of the header `Accept`; undefined means that of vmagent. */
  readonly accept?: string
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly disableCompression: boolean
  readonly disableKeepAlive: boolean
  readonly followRedirects: boolean
  readonly noStaleMarkers: boolean
}

/** One target, ready to be scraped. A changed field means a new target: shards compare by `id`. */
export type TargetSpec = {
  /** 16 hex digits: hash over job, URL, labels and options. Stable over restarts. */
  readonly id: string
  readonly jobKey: string
  readonly url: string
  /** Sorted by name, unique, none empty, without external labels. */
  readonly labels: readonly Label[]
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Phase of the scrapes: they are due at `n * intervalMs + offsetMs` since the epoch; 0 to `intervalMs - 1`. */
  readonly offsetMs: number
  readonly maxBodyBytes: number
  /** 0 means no limit. */
  readonly sampleLimit: number
  readonly labelLimit: number
  readonly seriesLimit: number
  /** Why every scrape of the target is to fail without one being made; for people. */
  readonly refusal?: string
}
