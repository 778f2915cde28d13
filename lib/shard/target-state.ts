import type { TargetStatus } from '../../shared/protocol.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'
import type { Relabeling } from '../relabel/compile.ts'
import type { UntoldScrapes } from './failure-log.ts'
import type { TargetClient } from './fetch.ts'
import type { FetchJob } from './fetch-job.ts'
import type { RemoteLabeler } from './learn/remote-labels.ts'
import { SeriesLabeler } from './learn/series-labels.ts'
import { SeriesLimiter } from './series-limiter.ts'
import type { TargetView } from './target-view.ts'

/** What a shard keeps for the targets of one job. */
export type ShardJob = {
  readonly spec: JobSpec
  readonly fetchJob: FetchJob
  readonly metricRules: Relabeling
  targets: number
}

/** One target of a shard: its series, its connection, and how its last scrape went. */
export class TargetState {
  readonly spec: TargetSpec
  readonly job: ShardJob
  readonly client: TargetClient
  /** Of a target with a series limit. */
  readonly limiter: SeriesLimiter | undefined
  /** In the order of the views of `remote`, by which their series are labelled. None before the first scrape. */
  views: readonly TargetView[] = []
  remote: RemoteLabeler | undefined
  /** A fetch runs, or its result waits for its turn. */
  busy = false
  removed = false
  /** The target that this one goes on as; it gets what this one has when its last scrape is over. */
  successor: TargetState | undefined
  /** The last scrape of the target that this one was is not over yet. */
  isWaiting = false
  /** The target that this one was, until the first scrape tells which of its series there are no more. */
  predecessor: TargetState | undefined
  /** Tick of the scrape that runs, which is the timestamp of its samples; and when it really began. */
  dueMs = 0
  startedMs = 0
  /** When the comments of a body are read again for metadata. */
  metadataDueMs = 0
  up = false
  scrapes = 0
  scrapesFailed = 0
  lastScrapeMs = 0
  lastDurationMs = 0
  bodyBytes = 0
  samples = 0
  /** Lines of the last scrape whose series the limiter does not admit. */
  overLimit = 0
  error = ''
  untold: UntoldScrapes | undefined

  constructor(spec: TargetSpec, job: ShardJob, client: TargetClient) {
    this.spec = spec
    this.job = job
    this.client = client
    this.limiter = spec.seriesLimit > 0 ? new SeriesLimiter(spec.seriesLimit) : undefined
  }

  /** Goes on from where another has ended that was the same target, with other options. */
  succeed(before: TargetState): void {
    this.predecessor = before.views.length > 0 ? before : before.predecessor
    this.up = before.up
    this.scrapes = before.scrapes
    this.lastScrapeMs = before.lastScrapeMs
    this.lastDurationMs = before.lastDurationMs
    this.samples = before.samples
    this.error = before.error
    this.isWaiting = false
  }

  get intervalMs(): number {
    return this.spec.intervalMs
  }

  get offsetMs(): number {
    return this.spec.offsetMs
  }

  /** Made for each scrape that has new series, and not kept: most targets have none for days. */
  labeler(): SeriesLabeler {
    return new SeriesLabeler(this.job.spec, this.spec, this.job.metricRules)
  }

  status(): TargetStatus {
    const { up, scrapes, scrapesFailed, lastScrapeMs, lastDurationMs, bodyBytes, samples, error } = this
    return { id: this.spec.id, up, scrapes, scrapesFailed, lastScrapeMs, lastDurationMs, bodyBytes, samples, error }
  }
}
