import type { JobSpec, Label, TargetSpec } from '../../shared/target.ts'
import { hashToHex, xxhash64 } from '../../shared/xxhash64.ts'
import { compileRules, type Relabeling } from '../relabel/compile.ts'
import { copyLabels, INTERNAL, labelValue, type MutableLabel, setLabel } from '../relabel/labels.ts'
import { Cluster, type ClusterMember } from './cluster.ts'
import { formatDuration } from './config/scalars.ts'
import type { JobConfig, ScrapeOptions } from './config/types.ts'
import type { DiscoveryKind, TargetGroup } from './discovery/provider.ts'
import { LabelPacker, OriginalLabels } from './original-labels.ts'
import { quoteLabels } from './quote.ts'
import { readOverrides, type TargetLimits } from './target-overrides.ts'
import { phaseMs } from './target-phase.ts'
import { buildUrl } from './target-url.ts'

/** A target that is to be scraped. */
export type BuiltTarget = {
  readonly spec: TargetSpec
  /** `job_name` of the scrape config, before relabeling. */
  readonly scrapePool: string
  readonly kind: DiscoveryKind
  /** Labels before relabeling; none with `dropOriginalLabels`. */
  readonly discoveredLabels: OriginalLabels
}

/** Why a target that was discovered is not scraped. */
export const DROP_REASONS = ['relabeling', 'missing scrape URL', 'duplicate', 'sharding'] as const
export type DropReason = (typeof DROP_REASONS)[number]

/** A target that was discovered and is not scraped. */
export type DroppedTarget = {
  readonly scrapePool: string
  readonly discoveredLabels: OriginalLabels
  readonly reason: DropReason
  /** Those that scrape it, if it is dropped by sharding. */
  readonly members?: readonly ClusterMember[]
}

/** How many targets are dropped for each reason. */
export type DroppedCounts = Readonly<Record<DropReason, number>>

export type BuiltTargets = {
  readonly targets: readonly BuiltTarget[]
  /** At most `maxDroppedTargets`; none with `dropOriginalLabels`. */
  readonly dropped: readonly DroppedTarget[]
  /** How many there are, whether or not they are remembered. */
  readonly droppedCounts: DroppedCounts
  /** What is wrong with targets that could not be built, and with duplicates. */
  readonly problems: readonly string[]
}

/** What one discovered target became. */
type Outcome =
  | { readonly spec: TargetSpec }
  | { readonly dropped: DropReason; readonly members?: readonly ClusterMember[] }
  | { readonly problem: string }

/** What one group became. */
type BuiltGroup = {
  readonly targets: BuiltTarget[]
  readonly dropped: DroppedTarget[]
  readonly droppedCounts: Record<DropReason, number>
  readonly problems: string[]
}

/** Makes the targets of one job from what is discovered. */
export class TargetBuilder {
  /** What all targets of the job share; its key changes with its content. */
  readonly jobSpec: JobSpec
  readonly #job: JobConfig
  readonly #options: ScrapeOptions
  readonly #relabeling: Relabeling
  readonly #cluster: Cluster
  readonly #intervalText: string
  readonly #timeoutText: string
  /** Discoverers keep groups that did not change, and so do we with what was built from them. */
  readonly #built = new WeakMap<TargetGroup, BuiltGroup>()
  readonly #packer = new LabelPacker()

  constructor(job: JobConfig, options: ScrapeOptions) {
    this.#job = job
    this.#options = options
    this.#relabeling = compileRules(job.relabelRules)
    this.#cluster = new Cluster(options.cluster)
    this.#intervalText = formatDuration(job.intervalMs)
    this.#timeoutText = formatDuration(job.timeoutMs)
    this.jobSpec = makeJobSpec(job)
  }

  /** Of targets that are equal in all respects the first is kept. As many dropped ones are given as are remembered. */
  build(groups: readonly TargetGroup[]): BuiltTargets {
    const targets = new Map<string, BuiltTarget>()
    const dropped: DroppedTarget[] = []
    const droppedCounts = noneDropped()
    const problems: string[] = []
    const { suppressDuplicateScrapeTargetErrors } = this.#options
    for (const group of groups) {
      const built = this.#builtGroup(group)
      problems.push(...built.problems)
      dropped.push(...built.dropped)
      for (const reason of DROP_REASONS) droppedCounts[reason] += built.droppedCounts[reason]
      for (const target of built.targets) {
        if (!targets.has(target.spec.id)) {
          targets.set(target.spec.id, target)
          continue
        }
        const { scrapePool, discoveredLabels } = target
        droppedCounts.duplicate++
        dropped.push({ scrapePool, discoveredLabels, reason: 'duplicate' })
        if (!suppressDuplicateScrapeTargetErrors) problems.push(describeDuplicate(target.spec, group))
      }
      dropped.length = Math.min(dropped.length, this.#droppedMax)
    }
    return { targets: this.#refuseTooMany([...targets.values()]), dropped, droppedCounts, problems }
  }

  /** Dropped targets of the job that are remembered. */
  get #droppedMax(): number {
    if (this.#options.dropOriginalLabels) return 0
    return Math.min(this.#job.keepDroppedTargets || Number.POSITIVE_INFINITY, this.#options.maxDroppedTargets)
  }

  /** As Prometheus does it: if there are more targets than the job may have, the scrapes of all of them fail. */
  #refuseTooMany(targets: BuiltTarget[]): BuiltTarget[] {
    const { targetLimit = 0 } = this.#job
    if (targetLimit === 0 || targets.length <= targetLimit) return targets
    const refusal = `the job exceeds its target_limit: ${targets.length} targets against ${targetLimit} allowed`
    return targets.map(target => {
      const { id: _, ...spec } = target.spec
      return { ...target, spec: withId({ ...spec, refusal }) }
    })
  }

  #builtGroup(group: TargetGroup): BuiltGroup {
    let built = this.#built.get(group)
    if (built === undefined) {
      built = this.#buildGroup(group)
      this.#built.set(group, built)
    }
    return built
  }

  #buildGroup(group: TargetGroup): BuiltGroup {
    const built: BuiltGroup = { targets: [], dropped: [], droppedCounts: noneDropped(), problems: [] }
    const scrapePool = this.#job.jobName
    for (const address of group.targets) {
      if (address === '') {
        built.problems.push(`job ${scrapePool}: skipping an empty target in ${group.source}`)
        continue
      }
      const discovered = this.#discoveredLabels(address, group)
      const outcome = this.#buildTarget(discovered)
      const kept = () => (this.#options.dropOriginalLabels ? OriginalLabels.NONE : this.#packer.pack(discovered))
      if ('problem' in outcome) {
        built.problems.push(`job ${scrapePool}: skipping target ${address} of ${group.source}: ${outcome.problem}`)
      } else if ('spec' in outcome) {
        built.targets.push({ spec: outcome.spec, scrapePool, kind: group.kind, discoveredLabels: kept() })
      } else {
        built.droppedCounts[outcome.dropped]++
        if (built.dropped.length >= this.#droppedMax) continue
        const { dropped: reason, members } = outcome
        built.dropped.push({ scrapePool, discoveredLabels: kept(), reason, ...(members && { members }) })
      }
    }
    return built
  }

  /** Labels of the job, overridden by those of the group. */
  #discoveredLabels(address: string, group: TargetGroup): readonly Label[] {
    const job = this.#job
    const labels: MutableLabel[] = [
      { name: 'job', value: job.jobName },
      { name: '__address__', value: address },
      { name: '__scheme__', value: job.scheme },
      { name: '__metrics_path__', value: job.metricsPath },
      { name: '__scrape_interval__', value: this.#intervalText },
      { name: '__scrape_timeout__', value: this.#timeoutText },
    ]
    for (const [name, values] of job.params) {
      if (values.length > 0) labels.push({ name: `__param_${name}`, value: values[0]! })
    }
    for (const name of Object.keys(group.labels)) setLabel(labels, name, group.labels[name]!)
    return labels
  }

  #buildTarget(discovered: readonly Label[]): Outcome {
    const labels = copyLabels(discovered)
    if (!this.#relabeling.apply(labels)) return { dropped: 'relabeling' }
    const { cluster } = this.#options
    const url = buildUrl(labels, this.#job.params)
    if (url === undefined) return { dropped: 'missing scrape URL' }
    if ('problem' in url) return url
    const members = this.#cluster.membersFor(labels)
    if (!this.#cluster.isOneOf(members)) return { dropped: 'sharding', members }
    if (labelValue(labels, 'instance') === '') setLabel(labels, 'instance', url.instance)
    if (cluster.memberLabel !== '') setLabel(labels, cluster.memberLabel, String(cluster.memberNum))
    const limits = readOverrides(labels, this.#job)
    if ('problem' in limits) return limits
    return { spec: this.#makeSpec(url.href, publicLabels(labels), limits) }
  }

  #makeSpec(url: string, labels: readonly Label[], limits: TargetLimits): TargetSpec {
    return withId({
      jobKey: this.jobSpec.key,
      url,
      labels,
      offsetMs: phaseMs({ url, labels, intervalMs: limits.intervalMs }, this.#job, this.#options.cluster),
      ...limits,
    })
  }
}

function noneDropped(): Record<DropReason, number> {
  return { relabeling: 0, 'missing scrape URL': 0, duplicate: 0, sharding: 0 }
}

/** What remains of the labels once relabeling is over, sorted by name. */
export function publicLabels(labels: readonly Label[]): Label[] {
  return labels.filter(({ name, value }) => value !== '' && name !== '' && !name.startsWith(INTERNAL)).sort(byName)
}

/** The id follows from all that is said of the target. */
function withId(spec: Omit<TargetSpec, 'id'>): TargetSpec {
  return { id: hashToHex(xxhash64(JSON.stringify(spec))), ...spec }
}

function makeJobSpec(job: JobConfig): JobSpec {
  const spec = {
    jobName: job.jobName,
    http: job.http,
    externalLabels: job.externalLabels,
    metricRelabelRules: job.metricRelabelRules,
    ...(job.seriesChecks !== undefined && { seriesChecks: job.seriesChecks }),
    ...(job.accept !== undefined && { accept: job.accept }),
    honorLabels: job.honorLabels,
    honorTimestamps: job.honorTimestamps,
    disableCompression: job.disableCompression,
    disableKeepAlive: job.disableKeepAlive,
    followRedirects: job.followRedirects,
    noStaleMarkers: job.noStaleMarkers,
  }
  return { key: `${job.jobName}#${hashToHex(xxhash64(JSON.stringify(spec)))}`, ...spec }
}

/** The name of a target's job, which the key of the job begins with. */
export function jobNameOf({ jobKey }: Pick<TargetSpec, 'jobKey'>): string {
  return jobKey.replace(/#[^#]*$/, '')
}

function describeDuplicate({ url, labels }: TargetSpec, group: TargetGroup): string {
  return `skipping a duplicate of target ${url} with labels ${quoteLabels(labels)} from ${group.source}`
}

function byName(a: Label, b: Label): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
