import type { HttpSpec } from '../../../shared/http-spec.ts'
import type { Label, RelabelRuleSpec, SeriesChecks } from '../../../shared/target.ts'
import type { DiscoveryConfig, DiscoveryKind } from '../discovery/provider.ts'

/** Options from the command line that scraping depends on. */
export type ScrapeOptions = {
  /** Unknown fields in configuration files are errors; else warnings. */
  readonly strictParse: boolean
  /** Values for `%{NAME}` in configuration files. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly maxScrapeSizeBytes: number
  readonly noStaleMarkers: boolean
  readonly streamParse: boolean
  readonly disableCompression: boolean
  readonly disableKeepAlive: boolean
  /** 0 means no limit. */
  readonly seriesLimitPerTarget: number
  /** How often sources are asked that do not tell of changes by themselves, unless their configuration says it. */
  readonly discoveryIntervalsMs: Readonly<Record<PolledKind, number>>
  readonly suppressDuplicateScrapeTargetErrors: boolean
  /** Discovered labels are not kept; pages and the API do without them. */
  readonly dropOriginalLabels: boolean
  /** Dropped targets that are remembered for pages and the API. */
  readonly maxDroppedTargets: number
  readonly cluster: ClusterOptions
}

/** Kinds of discovery whose sources are looked at again and again. */
export type PolledKind = Exclude<DiscoveryKind, 'static_configs'>

/** Several agents that share the targets of one configuration. */
export type ClusterOptions = {
  readonly name: string
  /** 0 and 1 mean that this agent scrapes all targets. */
  readonly membersCount: number
  /** 0 to `membersCount - 1`. */
  readonly memberNum: number
  readonly replicationFactor: number
  /** Label that gets `memberNum` as value; '' means none. */
  readonly memberLabel: string
  /** Labels that alone decide which agent scrapes a target, if it has any of them; none means all. */
  readonly shardByLabels: readonly string[]
  /** URL of a member, with `%d` in place of its number; '' if there is none. */
  readonly memberUrlTemplate: string
}

export const DEFAULT_SCRAPE_OPTIONS: ScrapeOptions = {
  strictParse: true,
  env: {},
  maxScrapeSizeBytes: 16 * 2 ** 20,
  noStaleMarkers: false,
  streamParse: false,
  disableCompression: false,
  disableKeepAlive: false,
  seriesLimitPerTarget: 0,
  discoveryIntervalsMs: { file_sd_configs: 60_000, http_sd_configs: 60_000, dns_sd_configs: 30_000 },
  suppressDuplicateScrapeTargetErrors: false,
  dropOriginalLabels: false,
  maxDroppedTargets: 10_000,
  cluster: {
    name: '',
    membersCount: 1,
    memberNum: 0,
    replicationFactor: 1,
    memberLabel: '',
    shardByLabels: [],
    memberUrlTemplate: '',
  },
}

/** A whole scrape configuration, checked, with defaults filled in, and frozen. */
export type ScrapeConfig = {
  readonly jobs: readonly JobConfig[]
}

/** One scrape job: its own fields, with those of the global section already worked in. */
export type JobConfig = {
  readonly jobName: string
  readonly intervalMs: number
  /** At most `intervalMs`. */
  readonly timeoutMs: number
  /** Scrapes start at multiples of this; 0 means anywhere in the interval. */
  readonly alignIntervalMs: number
  /** Phase of the scrapes; undefined means that a hash of the target decides, within `alignIntervalMs`. */
  readonly offsetMs?: number
  readonly metricsPath: string
  readonly scheme: string
  readonly params: readonly (readonly [name: string, values: readonly string[]])[]
  readonly http: HttpSpec
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly disableCompression: boolean
  readonly disableKeepAlive: boolean
  readonly followRedirects: boolean
  readonly noStaleMarkers: boolean
  /** Makes no difference: bodies are read in pieces in any case. */
  readonly streamParse: boolean
  readonly maxBodyBytes: number
  /** 0 means no limit, for all three. */
  readonly sampleLimit: number
  readonly labelLimit: number
  readonly seriesLimit: number
  readonly seriesChecks?: SeriesChecks
  /** Value of the header `Accept`; undefined means that of vmagent. */
  readonly accept?: string
  /** Dropped targets of this job that are remembered; 0 means as many as `maxDroppedTargets` allows. */
  readonly keepDroppedTargets?: number
  /** With more targets than this none of the job is scraped; 0 means no limit. */
  readonly targetLimit?: number
  readonly externalLabels: readonly Label[]
  /** Global rules first. */
  readonly relabelRules: readonly RelabelRuleSpec[]
  readonly metricRelabelRules: readonly RelabelRuleSpec[]
  /** Where its targets come from. */
  readonly discovery: readonly DiscoveryConfig[]
}
