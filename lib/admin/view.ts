import type {
  CounterBlock,
  DestinationCounter,
  ShardCounter,
  ShardDestinationCounter,
  WriterCounter,
} from '../../shared/counters.ts'
import type { TargetResponse, TargetStatus } from '../../shared/protocol.ts'
import type { Label, RelabelRuleSpec, TargetSpec } from '../../shared/target.ts'
import type { DiscoveryStats } from '../control/discovery/manager.ts'
import type { OriginalLabels } from '../control/original-labels.ts'
import type { DroppedCounts, DroppedTarget } from '../control/targets.ts'

export type { DroppedCounts, DroppedTarget }

/** What the agent is: `version` like `penstock-v0.1.0`, `shortVersion` like `v0.1.0`. */
export type AppVersion = { readonly version: string; readonly shortVersion: string }

/** One command line flag as it may be shown: `value` is `secret` where it holds one. */
export type FlagView = { readonly name: string; readonly value: string; readonly isSet: boolean }

/** One target that is being scraped. */
export type ActiveTarget = {
  readonly spec: TargetSpec
  /** `job_name` of the scrape config, before relabeling. */
  readonly scrapePool: string
  /** Labels before relabeling; none with `-promscrape.dropOriginalLabels`. */
  readonly discoveredLabels: OriginalLabels
  /** Number of the shard that scrapes it. */
  readonly shard: number
  /** Undefined until the shard has told about the target. */
  readonly status: TargetStatus | undefined
}

/** What a target, active or dropped, was made from, and the rules that it and its series go through. */
export type TargetRelabeling = {
  /** Undefined if they are not kept. */
  readonly discoveredLabels: readonly Label[] | undefined
  /** Labels of the target; undefined for a dropped one. */
  readonly labels: readonly Label[] | undefined
  readonly targetRules: readonly RelabelRuleSpec[]
  readonly metricRules: readonly RelabelRuleSpec[]
  /** Query parameters that its job configures. */
  readonly params: readonly (readonly [name: string, values: readonly string[]])[]
}

/** The rules that only one destination has; undefined if it has none. `name` is as in `DestinationView`. */
export type DestinationRules = { readonly name: string; readonly rules: readonly RelabelRuleSpec[] | undefined }

/** How many targets of one job came from one kind of discovery. A target that was never scraped is down. */
export type TargetCount = {
  /** Key of the discovery section: `static_configs`, `file_sd_configs`, ... */
  readonly type: string
  readonly scrapePool: string
  readonly up: number
  readonly down: number
}

/** How (re)loading one kind of configuration went so far. */
export type ReloadState = {
  readonly reloads: number
  readonly errors: number
  readonly lastSuccessful: boolean
  /** Unix time of the last load that worked, the one at the start included; 0 if there was none. */
  readonly lastSuccessMs: number
  /** What was wrong, with file, line and column; empty if the last load worked. */
  readonly lastError: string
}

/** `message` says why the old configuration keeps running, with file, line and column. */
export type ReloadResult = { readonly ok: true } | { readonly ok: false; readonly message: string }

/** One shard, as far as others may look into it. */
export type ShardView = {
  readonly shard: number
  readonly counters: CounterBlock<ShardCounter>
  readonly ringUsedBytes: number
  readonly ringCapacityBytes: number
}

/** One remote write destination; `name` hides the URL: `1:secret-url`. */
export type DestinationView = {
  readonly name: string
  /** Concurrent requests. */
  readonly queues: number
  readonly counters: CounterBlock<DestinationCounter>
  /** What each shard counts for it. */
  readonly shardCounters: readonly CounterBlock<ShardDestinationCounter>[]
}

export type WriterView = {
  readonly counters: CounterBlock<WriterCounter>
  readonly destinations: readonly DestinationView[]
}

/**
 * What the admin server sees of the agent; `lib/agent.ts` implements it. Looking changes nothing: only `reload` acts.
 * Everything is asked for when a request comes, nothing is polled.
 */
export interface AgentView {
  readonly version: AppVersion
  /** Unix time of the start of the process. */
  readonly startedAtMs: number
  /** `-memory.allowedBytes`, or `-memory.allowedPercent` of what the machine or the container has. */
  readonly memoryAllowedBytes: number
  /** False with `-promscrape.dropOriginalLabels`. */
  readonly keepsOriginalLabels: boolean

  /** All flags, sorted by name, unset ones too. */
  flags(): readonly FlagView[]
  /** The scrape configuration in force as YAML, secrets as `<secret>`; empty if there is none. */
  configText(): string
  /** The rules of `-remoteWrite.relabelConfig` in force as YAML; empty if there are none. */
  relabelConfigText(): string
  /** In the order of the destinations. */
  destinationRules(): readonly DestinationRules[]
  /** Undefined without `-promscrape.config`. */
  scrapeConfigReload(): ReloadState | undefined
  /** Undefined without relabel configuration files. */
  relabelConfigReload(): ReloadState | undefined
  /**
   * Reads all configuration again and puts it in force, or leaves all of it as it was. Never rejects for a broken file;
   * calls during a reload join it or follow it.
   */
  reload(): Promise<ReloadResult>
  /** Names of the jobs of the configuration in force, in its order. */
  jobNames(): readonly string[]
  /** Jobs whose first discovery has not finished; the agent is ready at 0. */
  jobsNotReady(): number
  discoveryStats(): DiscoveryStats

  /** Asks the shards; a shard that does not answer in time leaves `status` undefined. Sorted by job, then URL. */
  activeTargets(): Promise<readonly ActiveTarget[]>
  /** A bounded number of those that were discovered and are not scraped; none with `-promscrape.dropOriginalLabels`. */
  droppedTargets(): readonly DroppedTarget[]
  /** How many there are in each job, whether or not they are remembered. */
  droppedCounts(): ReadonlyMap<string, DroppedCounts>
  /** Memory of the labels that targets were discovered with. */
  originalLabelsBytes(): number
  /** Of an active target, or of a dropped one that is remembered; undefined if there is none of this id. */
  relabelingOf(id: string): TargetRelabeling | undefined
  /** Has an active target asked for its answer; undefined if there is none of this id. */
  targetResponse(id: string): Promise<TargetResponse | undefined>
  /** Asks the shards, as `activeTargets`. */
  targetCounts(): Promise<readonly TargetCount[]>

  shards(): readonly ShardView[]
  writer(): WriterView
}
