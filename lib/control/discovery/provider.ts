import type { YamlValue } from '../../yaml/value.ts'
import type { JobScope } from '../config/http-client.ts'
import type { ScrapeOptions } from '../config/types.ts'
import type { Limiter } from '../limiter.ts'

/** Kinds of discovery, by the key of their section in the configuration. */
export type DiscoveryKind = 'static_configs' | 'file_sd_configs' | 'http_sd_configs' | 'dns_sd_configs'

/** Targets that share labels, as one source gives them. Never changed: other targets or labels are another group. */
export type TargetGroup = {
  readonly kind: DiscoveryKind
  /** Where the group comes from, for messages: a file, a URL, or the place in the configuration. */
  readonly source: string
  /** Values of `__address__`. */
  readonly targets: readonly string[]
  /** Labels of all the targets; they may override `__address__` and other labels that a job gives. */
  readonly labels: Readonly<Record<string, string>>
}

/**
 * One entry of a discovery section, checked and frozen. Plain data that says all that makes a difference: equal entries
 * are one source, whichever job they stand in.
 */
export type DiscoveryConfig = { readonly kind: DiscoveryKind }

/** One kind of discovery: how its entries are read, and what finds the targets that an entry stands for. */
export interface Provider<Config extends DiscoveryConfig = DiscoveryConfig> {
  readonly kind: DiscoveryKind
  /**
   * Reads one entry.
   *
   * @throws {ConfigError} on unknown fields and wrong types; other faults go to `scope.problems`
   */
  readConfig(entry: YamlValue, scope: JobScope): Config
  /** Does nothing yet. */
  open(config: Config, context: DiscoveryContext): Discoverer
}

/** What all discoverers of a process share. */
export type DiscoveryContext = {
  readonly options: ScrapeOptions
  readonly traffic: DiscoveryTraffic
  readonly lookups: Limiter
}

/** Requests to the HTTP APIs of discovery so far. */
export type DiscoveryTraffic = { requests: number; retries: number }

/** What a discoverer tells its owner. */
export type DiscoveryListener = {
  /** The complete groups, whenever they changed. A group that stayed is the same object as before. */
  readonly onGroups: (groups: readonly TargetGroup[]) => void
  /**
   * Something that a user should know, as often as it happens, always in the same words; the discoverer goes on. What it
   * told last stays in force.
   */
  readonly onProblem: (message: string) => void
}

/** One source of targets. Owns its timers, watchers and connections. */
export interface Discoverer {
  /** Resolves after the first attempt, whether or not it found anything; never rejects. Called once. */
  start(listener: DiscoveryListener): Promise<void>
  /** Nothing is told any more once this was called. */
  close(): void
  /** How often asking its endpoint failed, for discoverers that have one. */
  readonly endpoint?: EndpointErrors | undefined
}

/** Failures of one endpoint: no usable answer, or one that makes no sense. The URL is fit to be shown. */
export type EndpointErrors = { readonly url: string; readonly fetch: number; readonly parse: number }
