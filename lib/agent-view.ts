import { shardDestinationCounters } from '../shared/counters.ts'
import type { DestinationSpec } from '../shared/protocol.ts'
import { ringCapacityBytes, ringUsedBytes } from '../shared/ring.ts'
import type {
  ActiveTarget,
  AgentView,
  AppVersion,
  DroppedTarget,
  FlagView,
  ReloadResult,
  ReloadState,
  ShardView,
  TargetCount,
  WriterView,
} from './admin/view.ts'
import type { Flags } from './cli/flags.ts'
import { VERSION, versionText } from './cli/version.ts'
import type { Configuration } from './control/configuration.ts'
import type { DiscoveryStats } from './control/discovery/manager.ts'
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
  readonly #parts: AgentParts
  readonly #writer: WriterView

  constructor(parts: AgentParts) {
    const { memory } = parts.supervisor
    this.#parts = parts
    this.memoryAllowedBytes = parts.memoryAllowedBytes
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

  scrapeConfigReload(): ReloadState | undefined {
    return this.#parts.configuration.scrape?.history
  }

  relabelConfigReload(): ReloadState | undefined {
    return this.#parts.configuration.relabel?.history
  }

  reload(): Promise<ReloadResult> {
    return this.#parts.reload()
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
}

function byPoolAndUrl(a: ActiveTarget, b: ActiveTarget): number {
  return compareText(a.scrapePool, b.scrapePool) || compareText(a.spec.url, b.spec.url)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
