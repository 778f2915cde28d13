import { setTimeout as sleep } from 'node:timers/promises'
import type { JobSpec } from '../../../shared/target.ts'
import { hashToHex, xxhash64 } from '../../../shared/xxhash64.ts'
import type { JobConfig, ScrapeConfig, ScrapeOptions } from '../config/types.ts'
import { type BuiltTarget, type BuiltTargets, type DroppedTarget, TargetBuilder } from '../targets.ts'
import type { Discoverer, TargetGroup } from './discoverer.ts'
import { FileDiscoverer } from './file.ts'
import { StaticDiscoverer } from './static.ts'

/** Changes that come within this time are told at once. */
const DEBOUNCE_MS = 50
/** A new configuration is told after this time though some of its sources have not answered yet. */
const SETTLE_MAX_MS = 5000
/** Problems of one job that are told one by one; of the rest only the number is. */
const PROBLEMS_TOLD_MAX = 20

export type TargetSourceListener = {
  /**
   * The complete current targets of all jobs, whenever they changed. `jobs` are those with at least one target;
   * `dropped` holds at most `maxDroppedTargets`.
   */
  readonly onTargets: (
    jobs: readonly JobSpec[],
    targets: readonly BuiltTarget[],
    dropped: readonly DroppedTarget[],
  ) => void
  /** A target, a file or the like that is left out, for the log. */
  readonly onProblem: (message: string) => void
}

/** Discovers and builds the targets of a configuration, and keeps them current. Owns all discoverers. */
export class TargetSource {
  readonly #options: ScrapeOptions
  readonly #listener: TargetSourceListener
  #jobs = new Map<string, JobDiscovery>()
  #debounce: NodeJS.Timeout | undefined
  #isClosed = false
  /** Until the first discovery of a new configuration is through, nothing is told: targets must not flicker. */
  #isSettling = false
  #replacing: Promise<void> = Promise.resolve()

  constructor(options: ScrapeOptions, listener: TargetSourceListener) {
    this.#options = options
    this.#listener = listener
  }

  /**
   * Starts with a configuration, or replaces the one in use. Jobs that did not change keep their discoverers and
   * targets. Resolves when all new jobs were discovered once, or after 5 s, and their targets have been told.
   */
  replaceConfig(config: ScrapeConfig): Promise<void> {
    this.#replacing = this.#replacing.then(() => this.#replace(config))
    return this.#replacing
  }

  async #replace(config: ScrapeConfig): Promise<void> {
    if (this.#isClosed) return
    this.#isSettling = true
    const before = this.#jobs
    const added: JobDiscovery[] = []
    this.#jobs = new Map()
    for (const job of config.jobs) {
      const key = hashToHex(xxhash64(JSON.stringify(job)))
      const kept = before.get(key)
      before.delete(key)
      const discovery = kept ?? new JobDiscovery(job, this.#options)
      if (kept === undefined) added.push(discovery)
      this.#jobs.set(key, discovery)
    }
    for (const gone of before.values()) gone.close()
    const settled = new AbortController()
    const started = added.map(job => job.start(() => this.#announceSoon(), this.#listener.onProblem))
    await Promise.race([
      Promise.all(started),
      sleep(SETTLE_MAX_MS, undefined, { signal: settled.signal }).catch(() => {}),
    ])
    settled.abort()
    this.#isSettling = false
    this.#announce()
  }

  /** Nothing is told any more once this was called. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#debounce)
    for (const job of this.#jobs.values()) job.close()
    this.#jobs.clear()
  }

  #announceSoon(): void {
    if (this.#isSettling || this.#isClosed) return
    this.#debounce ??= setTimeout(() => this.#announce(), DEBOUNCE_MS)
  }

  #announce(): void {
    clearTimeout(this.#debounce)
    this.#debounce = undefined
    if (this.#isSettling || this.#isClosed) return
    const jobs: JobSpec[] = []
    const targets: BuiltTarget[] = []
    const dropped: DroppedTarget[] = []
    for (const job of this.#jobs.values()) {
      const built = job.targets()
      if (built.targets.length > 0) jobs.push(job.jobSpec)
      for (const target of built.targets) targets.push(target)
      const room = this.#options.maxDroppedTargets - dropped.length
      dropped.push(...built.dropped.slice(0, room))
    }
    this.#listener.onTargets(jobs, targets, dropped)
  }
}

/** The discoverers of one job, and the targets built from what they found. */
class JobDiscovery {
  readonly #builder: TargetBuilder
  readonly #discoverers: readonly Discoverer[]
  readonly #groups: (readonly TargetGroup[])[]
  #onProblem: (message: string) => void = () => {}
  /** Undefined while groups have changed since the last build. */
  #built: BuiltTargets | undefined

  constructor(job: JobConfig, options: ScrapeOptions) {
    this.#builder = new TargetBuilder(job, options)
    this.#discoverers = [
      ...(job.staticGroups.length > 0 ? [new StaticDiscoverer(job.staticGroups)] : []),
      ...job.fileSd.map(config => new FileDiscoverer(config, options)),
    ]
    this.#groups = this.#discoverers.map(() => [])
  }

  get jobSpec(): JobSpec {
    return this.#builder.jobSpec
  }

  async start(onChange: () => void, onProblem: (message: string) => void): Promise<void> {
    this.#onProblem = onProblem
    const started = this.#discoverers.map((discoverer, index) =>
      discoverer.start({
        onGroups: groups => {
          this.#groups[index] = groups
          this.#built = undefined
          onChange()
        },
        onProblem,
      }),
    )
    await Promise.all(started)
  }

  targets(): BuiltTargets {
    if (this.#built === undefined) {
      const built = this.#builder.build(this.#groups.flat())
      for (const problem of built.problems.slice(0, PROBLEMS_TOLD_MAX)) this.#onProblem(problem)
      const untold = built.problems.length - PROBLEMS_TOLD_MAX
      if (untold > 0) this.#onProblem(`job ${this.jobSpec.jobName}: ${untold} more problems with targets`)
      this.#built = { ...built, problems: [] }
    }
    return this.#built
  }

  close(): void {
    for (const discoverer of this.#discoverers) discoverer.close()
  }
}
