import { shardDestinationCounters } from '../shared/counters.ts'
import { hasDestination } from '../shared/destination-set.ts'
import type { DestinationSpec, TargetResponse } from '../shared/protocol.ts'
import { ringCapacityBytes, ringUsedBytes } from '../shared/ring.ts'
import type {
  ActiveTarget,
  AgentView,
  AppVersion,
  DestinationRules,
  DroppedCounts,
  DroppedTarget,
  FlagView,
  ReloadResult,
  ReloadState,
  ShardView,
  TargetCount,
  TargetRelabeling,
  WriterView,
} from './admin/view.ts'
import type { Flags } from './cli/flags.ts'
import { VERSION, versionText } from './cli/version.ts'
import type { JobConfig } from './control/config/types.ts'
import type { Configuration } from './control/configuration.ts'
import type { DiscoveryStats } from './control/discovery/manager.ts'
import { droppedTargetId } from './control/dropped-id.ts'
import { sizeOf } from './control/original-labels.ts'
import { destinationCountersIn, shardCountersIn, writerCountersIn } from './control/ring-memory.ts'
import type { Supervisor } from './control/supervise.ts'
import type { TargetFeed } from './control/target-feed.ts'

/** The parts of an agent, as far as they are looked at. */
export type AgentParts = {
  readonly flags: Flags
  readonly memoryAllowedBytes: number
  readonly destinations: readonly DestinationSpec[]
  readonly configuration: Configuration
  readonly supervisor: Supervisor
  readonly feed: TargetFeed
  readonly reload: () => Promise<ReloadResult>
}

/** The agent as the HTTP server sees it. */
export class LiveView implements AgentView {
  readonly version: AppVersion = { version: versionText(), shortVersion: `v${VERSION}` }
  readonly startedAtMs = Date.now() - process.uptime() * 1000
  readonly memoryAllowedBytes: number
  readonly keepsOriginalLabels: boolean
  readonly #parts: AgentParts
  readonly #writer: WriterView

  constructor(parts: AgentParts) {
    const { memory } = parts.supervisor
    this.#parts = parts
    this.memoryAllowedBytes = parts.memoryAllowedBytes
    this.keepsOriginalLabels = !parts.flags.bool('promscrape.dropOriginalLabels')
    this.#writer = {
      counters: writerCountersIn(memory),
      destinations: parts.destinations.map(({ name, queues }, index) => {
        return {
          name,
          queues,
          counters: destinationCountersIn(memory, index),
          shardCounters: memory.shards.map(shard => shardDestinationCounters(shard.counters)[index]!),
        }
      }),
    }
  }

  flags(): readonly FlagView[] {
    return this.#parts.flags.toMetricsAndFlagsPage()
  }

  configText(): string {
    return this.#parts.configuration.scrape?.current.text ?? ''
  }

  relabelConfigText(): string {
    return this.#parts.configuration.relabel?.current.all.text ?? ''
  }

  destinationRules(): readonly DestinationRules[] {
    const views = this.#parts.configuration.relabel?.current.views ?? []
    return this.#parts.destinations.map(({ name }, index) => {
      const view = views.find(({ text, destinations }) => text !== '' && hasDestination(destinations, index))
      return { name, rules: view?.rules }
    })
  }

  scrapeConfigReload(): ReloadState | undefined {
    return this.#parts.configuration.scrape?.history
  }

  relabelConfigReload(): ReloadState | undefined {
    return this.#parts.configuration.relabel?.history
  }

  reload(): Promise<ReloadResult> {
    return this.#parts.reload()
  }

  jobNames(): readonly string[] {
    return this.#jobs().map(job => job.jobName)
  }

  jobsNotReady(): number {
    return this.#parts.feed.discovered.jobsNotReady
  }

  discoveryStats(): DiscoveryStats {
    return this.#parts.feed.stats()
  }

  async activeTargets(): Promise<readonly ActiveTarget[]> {
    const { supervisor, feed } = this.#parts
    const statuses = await supervisor.targetStatuses()
    const active: ActiveTarget[] = []
    for (const { spec, scrapePool, discoveredLabels } of feed.discovered.targets) {
      const shard = supervisor.shardOf(spec.id)!
      active.push({ spec, scrapePool, discoveredLabels, shard, status: statuses.get(spec.id) })
    }
    return active.sort(byPoolAndUrl)
  }

  droppedTargets(): readonly DroppedTarget[] {
    return this.#parts.feed.discovered.dropped
  }

  droppedCounts(): ReadonlyMap<string, DroppedCounts> {
    return this.#parts.feed.discovered.droppedCounts
  }

  originalLabelsBytes(): number {
    const { targets, dropped } = this.#parts.feed.discovered
    return sizeOf([...targets, ...dropped].map(target => target.discoveredLabels))
  }

  relabelingOf(id: string): TargetRelabeling | undefined {
    const { targets, dropped } = this.#parts.feed.discovered
    const active = targets.find(target => target.spec.id === id)
    const target = active ?? dropped.find(target => droppedTargetId(target) === id)
    const job = this.#jobs().find(({ jobName }) => jobName === target?.scrapePool)
    if (target === undefined || job === undefined) return undefined
    return {
      discoveredLabels: this.keepsOriginalLabels ? target.discoveredLabels.unpack() : undefined,
      labels: active?.spec.labels,
      targetRules: job.relabelRules,
      metricRules: job.metricRelabelRules,
      params: job.params,
    }
  }

  async targetResponse(id: string): Promise<TargetResponse | undefined> {
    const { supervisor, feed } = this.#parts
    const target = feed.discovered.targets.find(({ spec }) => spec.id === id)
    return target && supervisor.targetResponse(target.spec)
  }

  async targetCounts(): Promise<readonly TargetCount[]> {
    const { supervisor, feed } = this.#parts
    const statuses = await supervisor.targetStatuses()
    const counts = new Map<string, { type: string; scrapePool: string; up: number; down: number }>()
    for (const { spec, kind, scrapePool } of feed.discovered.targets) {
      const key = `${kind} ${scrapePool}`
      const count = counts.get(key) ?? { type: kind, scrapePool, up: 0, down: 0 }
      counts.set(key, count)
      count[statuses.get(spec.id)?.up === true ? 'up' : 'down']++
    }
    return [...counts.values()]
  }

  shards(): readonly ShardView[] {
    const { memory } = this.#parts.supervisor
    return memory.shards.map((shared, shard) => ({
      shard,
      counters: shardCountersIn(shared),
      ringUsedBytes: ringUsedBytes(shared.ring),
      ringCapacityBytes: ringCapacityBytes(shared.ring),
    }))
  }

  writer(): WriterView {
    return this.#writer
  }

  #jobs(): readonly JobConfig[] {
    return this.#parts.configuration.scrape?.current.config.jobs ?? []
  }
}

function byPoolAndUrl(a: ActiveTarget, b: ActiveTarget): number {
  return compareText(a.scrapePool, b.scrapePool) || compareText(a.spec.url, b.spec.url)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
