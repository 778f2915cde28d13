import type { ScrapeConfig, ScrapeOptions } from './config/types.ts'
import { type DiscoveryStats, type KnownTargets, TargetSource } from './discovery/manager.ts'
import type { ScopedLog } from './log.ts'
import type { Supervisor } from './supervise.ts'

/** Brings what discovery finds to the shards, and remembers the latest for those who look. */
export class TargetFeed {
  readonly #source: TargetSource
  #discovered: KnownTargets = { jobs: [], targets: [], dropped: [], droppedCounts: new Map(), jobsNotReady: 0 }

  constructor(options: ScrapeOptions, supervisor: Pick<Supervisor, 'assign'>, log: ScopedLog) {
    this.#source = new TargetSource(options, {
      onTargets: known => {
        this.#discovered = known
        const specs = known.targets.map(target => target.spec)
        supervisor.assign(known.jobs, specs)
      },
      onProblem: message => log.warn(message),
    })
  }

  /** What discovery found last. */
  get discovered(): KnownTargets {
    return this.#discovered
  }

  /** How discovery went so far. */
  stats(): DiscoveryStats {
    return this.#source.stats()
  }

  /** Discovers the targets of the first configuration. Nothing waits for it: a source may take its time to answer. */
  start(config: ScrapeConfig): void {
    this.#discovered = { ...this.#discovered, jobsNotReady: config.jobs.length }
    this.replaceConfig(config)
  }

  /** Discovers the targets of another configuration; until they are known, the targets of that before it stay. */
  replaceConfig(config: ScrapeConfig): void {
    void this.#source.replaceConfig(config)
  }

  /** From now on the shards hear nothing. */
  close(): void {
    this.#source.close()
  }
}
