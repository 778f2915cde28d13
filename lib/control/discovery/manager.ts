import { setTimeout as sleep } from 'node:timers/promises'
import type { JobSpec } from '../../../shared/target.ts'
import type { ScrapeConfig, ScrapeOptions } from '../config/types.ts'
import { Limiter } from '../limiter.ts'
import type { BuiltTarget, DroppedCounts, DroppedTarget } from '../targets.ts'
import { digest } from './groups.ts'
import { JobTargets } from './job-targets.ts'
import type { DiscoveryConfig, DiscoveryContext, DiscoveryKind, EndpointErrors } from './provider.ts'
import { Source } from './source.ts'

/** Changes that come within this time are told at once. */
const DEBOUNCE_MS = 50
/** Targets of a changed job are replaced after this time though some of its sources have not answered yet. */
const SETTLE_MAX_MS = 5000
/** Names that are looked up at a time: the pool of threads that does it reads files and resolves for scrapes as well. */
const LOOKUPS_MAX = 2

/** All targets as discovery knows them. */
export type KnownTargets = {
  /** Those with at least one target. */
  readonly jobs: readonly JobSpec[]
  readonly targets: readonly BuiltTarget[]
  /** At most `maxDroppedTargets`. */
  readonly dropped: readonly DroppedTarget[]
  /** How many there are in each job, remembered or not. */
  readonly droppedCounts: ReadonlyMap<string, DroppedCounts>
  /** Jobs whose sources have not answered for the first time since the start. */
  readonly jobsNotReady: number
}

export type TargetSourceListener = {
  /** The complete current targets of all jobs, whenever they changed. */
  readonly onTargets: (known: KnownTargets) => void
  /** A source that fails, a target that is left out and the like, for the log. */
  readonly onProblem: (message: string) => void
}

/** How discovery went so far. */
export type DiscoveryStats = {
  readonly requests: number
  readonly retries: number
  /** Of the kinds that are configured or ever failed. */
  readonly failures: ReadonlyMap<DiscoveryKind, number>
  /** Of the endpoints that are asked now; each URL once. */
  readonly endpoints: readonly EndpointErrors[]
}

/** Discovers and builds the targets of a configuration, and keeps them current. Owns all discoverers. */
export class TargetSource {
  readonly #context: DiscoveryContext
  readonly #listener: TargetSourceListener
  /** By the digest of their entry in the configuration. */
  #sources = new Map<string, Source>()
  /** By the digest of their configuration. */
  #jobs = new Map<string, JobTargets>()
  readonly #failures = new Map<DiscoveryKind, number>()
  #debounce: NodeJS.Timeout | undefined
  #isClosed = false
  #isFirstConfig = true
  #replacing: Promise<void> = Promise.resolve()

  constructor(options: ScrapeOptions, listener: TargetSourceListener) {
    this.#context = { options, traffic: { requests: 0, retries: 0 }, lookups: new Limiter(LOOKUPS_MAX) }
    this.#listener = listener
  }

  /**
   * Starts with a configuration, or replaces the one in use. Jobs that did not change keep their targets, sources that
   * did not change what they found, whichever job they belong to. A job that changed keeps its targets until its
   * sources have answered. Resolves when all have, or after 5 s, and their targets have been told.
   */
  replaceConfig(config: ScrapeConfig): Promise<void> {
    this.#replacing = this.#replacing.then(() => this.#replace(config))
    return this.#replacing
  }

  async #replace(config: ScrapeConfig): Promise<void> {
    if (this.#isClosed) return
    const changed = this.#replaceJobs(config)
    this.#announceSoon()
    const giveUp = new AbortController()
    const limit = sleep(SETTLE_MAX_MS, undefined, { signal: giveUp.signal }).catch(() => {})
    const settling = changed.map(async job => {
      await Promise.race([job.ready(), limit])
      job.settle()
      this.#announceSoon()
    })
    await Promise.all(settling)
    giveUp.abort()
    this.#isFirstConfig = false
    this.#announce()
  }

  /** @returns the jobs that are new or changed */
  #replaceJobs(config: ScrapeConfig): JobTargets[] {
    const before = { sources: this.#sources, jobs: this.#jobs }
    const byName = new Map([...before.jobs.values()].map(job => [job.name, job]))
    const changed: JobTargets[] = []
    this.#sources = new Map()
    this.#jobs = new Map()
    for (const job of config.jobs) {
      const key = digest(job)
      const sources = job.discovery.map(entry => this.#source(entry, before.sources))
      const kept = before.jobs.get(key)
      const targets = kept ?? new JobTargets(job, sources, byName.get(job.jobName), this.#context.options)
      if (kept === undefined) changed.push(targets)
      this.#jobs.set(key, targets)
    }
    for (const [key, source] of before.sources) if (!this.#sources.has(key)) source.close()
    return changed
  }

  /** The source of an entry: one that there is already, or was before, or a new one. */
  #source(entry: DiscoveryConfig, before: ReadonlyMap<string, Source>): Source {
    const key = digest(entry)
    let source = this.#sources.get(key) ?? before.get(key)
    source ??= new Source(entry, this.#context, {
      onChange: which => {
        for (const job of this.#jobs.values()) job.changed(which)
        this.#announceSoon()
      },
      onProblem: ({ kind }, message, isNews) => {
        this.#failures.set(kind, (this.#failures.get(kind) ?? 0) + 1)
        if (isNews) this.#listener.onProblem(`${kind}: ${message}`)
      },
    })
    this.#sources.set(key, source)
    return source
  }

  stats(): DiscoveryStats {
    const failures = new Map(this.#failures)
    const endpoints = new Map<string, EndpointErrors>()
    for (const { kind, endpoint } of this.#sources.values()) {
      if (!failures.has(kind)) failures.set(kind, 0)
      if (endpoint === undefined) continue
      const { url } = endpoint
      const known = endpoints.get(url) ?? { fetch: 0, parse: 0 }
      endpoints.set(url, { url, fetch: known.fetch + endpoint.fetch, parse: known.parse + endpoint.parse })
    }
    return { ...this.#context.traffic, failures, endpoints: [...endpoints.values()] }
  }

  /** Nothing is told any more once this was called. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#debounce)
    for (const source of this.#sources.values()) source.close()
    this.#sources.clear()
    this.#jobs.clear()
  }

  #announceSoon(): void {
    if (this.#isClosed) return
    this.#debounce ??= setTimeout(() => this.#announce(), DEBOUNCE_MS)
  }

  #announce(): void {
    clearTimeout(this.#debounce)
    this.#debounce = undefined
    if (this.#isClosed) return
    const jobs: JobSpec[] = []
    const targets: BuiltTarget[] = []
    const dropped: DroppedTarget[] = []
    let jobsNotReady = 0
    const droppedCounts = new Map<string, DroppedCounts>()
    for (const job of this.#jobs.values()) {
      const built = job.targets(this.#listener.onProblem)
      if (built.targets.length > 0) jobs.push(job.jobSpec)
      for (const target of built.targets) targets.push(target)
      const room = this.#context.options.maxDroppedTargets - dropped.length
      dropped.push(...built.dropped.slice(0, room))
      droppedCounts.set(job.jobSpec.jobName, built.droppedCounts)
      if (this.#isFirstConfig && !job.isSettled) jobsNotReady++
    }
    this.#listener.onTargets({ jobs, targets, dropped, droppedCounts, jobsNotReady })
  }
}
