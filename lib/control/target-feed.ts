import type { ScrapeConfig, ScrapeOptions } from './config/types.ts'
import { TargetSource } from './discovery/manager.ts'
import type { ScopedLog } from './log.ts'
import type { Supervisor } from './supervise.ts'
import type { BuiltTarget, DroppedTarget } from './targets.ts'

/** What discovery found last. */
export type Discovered = {
  readonly targets: readonly BuiltTarget[]
  readonly dropped: readonly DroppedTarget[]
  /** Jobs that nothing is known of yet. */
  readonly jobsNotReady: number
}

/** Brings what discovery finds to the shards, and remembers the latest for those who look. */
export class TargetFeed {
  readonly #source: TargetSource
  #discovered: Discovered = { targets: [], dropped: [], jobsNotReady: 0 }

  constructor(options: ScrapeOptions, supervisor: Pick<Supervisor, 'assign'>, log: ScopedLog) {
    this.#source = new TargetSource(options, {
      onTargets: (jobs, targets, dropped) => {
        this.#discovered = { targets, dropped, jobsNotReady: 0 }
        supervisor.assign(
          jobs,
          targets.map(target => target.spec),
        )
      },
      onProblem: message => log.warn(message),
    })
  }

  get discovered(): Discovered {
    return this.#discovered
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
