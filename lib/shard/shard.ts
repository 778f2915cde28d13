import {
  CounterBlock,
  SCRAPE_DURATION_BOUNDS_SECONDS,
  SHARD_COUNTERS,
  type ShardCounter,
  shardDestinationCounters,
} from '../../shared/counters.ts'
import { PenstockError } from '../../shared/errors.ts'
import { HeapWatch } from '../../shared/heap.ts'
import type {
  LogLevel,
  RemoteRules,
  ShardMemory,
  ShardOptions,
  TargetResponse,
  TargetStatus,
  ToShard,
} from '../../shared/protocol.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'
import { compileRules } from '../relabel/compile.ts'
import { Cadence } from './cadence.ts'
import { systemClock } from './clock.ts'
import { DroppedCounts } from './dropped-counts.ts'
import { FailureLog } from './failure-log.ts'
import { type FetchOwner, TargetClient } from './fetch.ts'
import { FetchJob } from './fetch-job.ts'
import { FetchMemory } from './fetch-memory.ts'
import { KernelTurns } from './kernel-turns.ts'
import { LagWatch } from './lag-watch.ts'
import { LiveResponses } from './live-responses.ts'
import { Publisher } from './publish.ts'
import { InvalidLog } from './push/invalid-log.ts'
import { type PushAnswer, Pushes } from './push/pushes.ts'
import { TextSamples } from './push/text-samples.ts'
import { Scraper } from './scraper.ts'
import { type ShardJob, TargetState } from './target-state.ts'

const ACCOUNTS_INTERVAL_MS = 1000

export type ShardLog = (level: LogLevel, message: string) => void

type TargetChange = Pick<Extract<ToShard, { type: 'targets' }>, 'added' | 'removed' | 'changed'>

/**
 * One shard: its targets, when each is due, their fetches, the pushes, and the one place where all results are worked off
 * one by one. While the ring is full that place waits, and with it everything that has arrived.
 */
export class Shard implements FetchOwner {
  /** Bodies that clients push. */
  readonly pushes: Pushes
  readonly #failureLog: FailureLog
  readonly #counters: CounterBlock<ShardCounter>
  readonly #publisher: Publisher
  readonly #scraper: Scraper
  readonly #fetchMemory: FetchMemory
  readonly #heap = new HeapWatch(Date.now())
  readonly #cadence: Cadence<TargetState>
  readonly #jobs = new Map<string, ShardJob>()
  readonly #targets = new Map<string, TargetState>()
  readonly #clients = new Map<TargetClient, TargetState>()
  readonly #liveResponses = new LiveResponses(delta => this.bodyBytesChanged(delta))
  readonly #turns = new KernelTurns()
  readonly #lag = new LagWatch()
  readonly #accountsTimer: NodeJS.Timeout
  #running = 0
  #idle: (() => void) | undefined
  #bodyBytes = 0

  /** @throws {KernelMissing | RelabelError} */
  constructor(memory: ShardMemory, options: ShardOptions, log: ShardLog, answerPush: PushAnswer) {
    this.#failureLog = new FailureLog(options, log)
    this.#fetchMemory = new FetchMemory(options.maxHeadBytes)
    this.#counters = new CounterBlock(SHARD_COUNTERS, memory.counters)
    this.#publisher = new Publisher(memory, this.#counters)
    const dropped = new DroppedCounts(this.#counters, shardDestinationCounters(memory.counters))
    this.#scraper = new Scraper(options, this.#publisher, this.#counters, dropped)
    const pushMeans = {
      turns: this.#turns,
      samples: new TextSamples(this.#scraper.kernel, this.#publisher, dropped),
      publisher: this.#publisher,
      remote: () => this.#scraper.remote,
      sendMetadata: options.sendMetadata,
      counters: this.#counters,
      invalidLog: new InvalidLog(log),
    }
    this.pushes = new Pushes(pushMeans, answerPush)
    const isNative = this.#scraper.inflater.kind === 'native'
    log(
      'info',
      isNative ? 'gzip is inflated straight into kernel memory' : 'gzip is inflated by the public API of zlib',
    )
    this.#cadence = new Cadence(systemClock, (target, dueMs, skipped) => this.#start(target, dueMs, skipped))
    this.#accountsTimer = setInterval(() => this.#storeAccounts(), ACCOUNTS_INTERVAL_MS)
    this.#storeAccounts()
  }

  /** Takes targets over and gives others up. `jobs` holds at least the jobs of those that are added or changed. */
  assign(jobs: readonly JobSpec[], { added, removed, changed }: TargetChange): void {
    for (const id of removed) this.#remove(id)
    const specs = new Map(jobs.map(job => [job.key, job]))
    for (const spec of added) this.#cadence.add(this.#take(spec, specs))
    for (const { before, spec } of changed) this.#change(before, spec, specs)
    this.#counters.set('targets', this.#targets.size)
  }

  /** See `Scraper.relabel`. @throws {RelabelError} */
  relabel(rules: RemoteRules): void {
    this.#scraper.relabel(rules)
  }

  status(ids: readonly string[] | 'all'): TargetStatus[] {
    if (ids === 'all') return [...this.#targets.values()].map(target => target.status())
    return ids.flatMap(id => this.#targets.get(id)?.status() ?? [])
  }

  /** What a target answers now; undefined if there is no such target. Never rejects. */
  async response(id: string): Promise<TargetResponse | undefined> {
    const target = this.#targets.get(id)
    return target && this.#liveResponses.fetch(target.spec, target.job.fetchJob)
  }

  /** Samples of each target's last scrape that succeeded. */
  weights(): (readonly [id: string, samples: number])[] {
    return [...this.#targets.values()].filter(target => target.up).map(target => [target.spec.id, target.samples])
  }

  /** Starts no more scrapes, lets those that run finish within `graceMs`, and closes everything. */
  async stop(graceMs: number): Promise<void> {
    this.#cadence.stop()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#idle = resolve
    const timer = setTimeout(resolve, graceMs)
    if (this.#running > 0) await promise
    clearTimeout(timer)
    await this.pushes.stop()
    await this.#turns.idle()
    clearInterval(this.#accountsTimer)
    await this.#liveResponses.close()
    await Promise.all([...this.#targets.values()].map(target => target.client.close()))
    for (const { fetchJob } of this.#jobs.values()) fetchJob.close()
    this.#scraper.close()
  }

  fetched(client: TargetClient): void {
    this.#counters.add('bodyWireBytes', client.wireBytes)
    const target = this.#clients.get(client)!
    this.#turns.add(() => this.#finish(target, true))
  }

  failed(client: TargetClient, error: PenstockError): void {
    const target = this.#clients.get(client)!
    this.#noteFailure(target, error)
    this.#turns.add(() => this.#finish(target, false))
  }

  bodyBytesChanged(delta: number): void {
    this.#bodyBytes += delta
  }

  #take(spec: TargetSpec, jobs: ReadonlyMap<string, JobSpec>): TargetState {
    let job = this.#jobs.get(spec.jobKey)
    if (job === undefined) {
      const jobSpec = jobs.get(spec.jobKey)!
      const metricRules = compileRules(jobSpec.metricRelabelRules)
      job = { spec: jobSpec, fetchJob: new FetchJob(jobSpec, this.#fetchMemory), metricRules, targets: 0 }
      this.#jobs.set(spec.jobKey, job)
      job.fetchJob.warmUp()
    }
    job.targets++
    const client = new TargetClient(spec, job.fetchJob, this)
    const target = new TargetState(spec, job, client)
    this.#targets.set(spec.id, target)
    this.#clients.set(client, target)
    return target
  }

  /** The target of that id goes on as another; a scrape that runs is finished first. */
  #change(id: string, spec: TargetSpec, jobs: ReadonlyMap<string, JobSpec>): void {
    const before = this.#targets.get(id)!
    const target = this.#take(spec, jobs)
    this.#cadence.replace(before, target)
    before.successor = target
    target.isWaiting = before.busy || before.isWaiting
    this.#remove(id)
  }

  #remove(id: string): void {
    const target = this.#targets.get(id)
    if (target === undefined) return
    this.#targets.delete(id)
    this.#cadence.remove(target)
    target.removed = true
    if (!target.busy && !target.isWaiting) this.#turns.add(() => this.#retire(target))
  }

  #start(target: TargetState, dueMs: number, skipped: number): void {
    if (skipped > 0) this.#counters.add('scrapesSkipped', skipped)
    if (target.busy || target.isWaiting) {
      this.#counters.add('scrapesSkipped', 1)
      return
    }
    const nowMs = Date.now()
    this.#lag.note(nowMs - dueMs, nowMs)
    target.busy = true
    target.dueMs = dueMs
    target.startedMs = performance.now()
    this.#running++
    target.client.start()
  }

  /** The end of a scrape. */
  async #finish(target: TargetState, hasBody: boolean): Promise<void> {
    const wasUp = target.up
    // Not before its first scrape, so that a long list of targets is taken over at once.
    this.#scraper.prepare(target)
    try {
      if (hasBody) await this.#scraper.succeed(target)
      else await this.#scraper.fail(target, undefined)
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      this.#noteFailure(target, error)
      await this.#scraper.fail(target, error)
    }
    target.client.release()
    target.busy = false
    target.scrapes++
    target.lastScrapeMs = target.dueMs
    if (target.up) {
      target.error = ''
      this.#failureLog.succeeded(target)
    }
    this.#counters.add('targetsUp', Number(target.up) - Number(wasUp))
    this.#counters.add('scrapes', 1)
    this.#countDuration(target.lastDurationMs / 1000)
    this.#running--
    if (target.removed) await this.#retire(target)
    if (this.#running === 0) this.#idle?.()
  }

  async #retire(target: TargetState): Promise<void> {
    this.#clients.delete(target.client)
    await target.client.close()
    if (target.successor !== undefined) this.#handOver(target, target.successor)
    else {
      await this.#scraper.retire(target.predecessor ?? target, Date.now())
      this.#counters.add('targetsUp', -Number(target.up))
    }
    target.job.targets--
    if (target.job.targets > 0) return
    target.job.fetchJob.close()
    this.#jobs.delete(target.spec.jobKey)
  }

  #handOver(target: TargetState, successor: TargetState): void {
    const hasWaited = successor.isWaiting
    successor.succeed(target)
    if (hasWaited && successor.removed) this.#turns.add(() => this.#retire(successor))
  }

  #noteFailure(target: TargetState, error: PenstockError): void {
    target.error = error.message
    target.scrapesFailed++
    this.#counters.add('scrapesFailed', 1)
    if (error.code === 'TARGET_TIMEOUT') this.#counters.add('scrapesTimedOut', 1)
    if (error.code === 'BODY_TOO_LARGE') this.#counters.add('scrapesOverBodyLimit', 1)
    if (error.code === 'LIMIT_EXCEEDED') {
      const isSamples = 'limit' in error && error.limit === 'sample_limit'
      this.#counters.add(isSamples ? 'scrapesOverSampleLimit' : 'scrapesOverLabelLimit', 1)
    }
    this.#failureLog.failed(target, error)
  }

  #countDuration(seconds: number): void {
    this.#counters.add('scrapeDurationSumSeconds', seconds)
    const bound = SCRAPE_DURATION_BOUNDS_SECONDS.find(limit => seconds <= limit) ?? Number.POSITIVE_INFINITY
    this.#counters.add(`scrapeDurationBucket${bound}` as ShardCounter, 1)
  }

  #storeAccounts(): void {
    const nowMs = Date.now()
    const { heapBytes, externalBytes } = this.#heap.look(nowMs)
    const blockBytes = this.#counters.get('accountTargetBlocksBytes')
    const bodyBytes = this.#bodyBytes + this.#fetchMemory.idleBytes
    this.#counters.set('heartbeatMs', nowMs)
    this.#counters.set('scrapeLagMaxMs', this.#lag.maxMs)
    this.#counters.set('accountHeapBytes', heapBytes)
    // V8 counts target blocks and bodies as external too; they have accounts of their own.
    this.#counters.set('accountExternalBytes', Math.max(0, externalBytes - blockBytes - bodyBytes))
    this.#counters.set('accountKernelBytes', this.#scraper.kernel.sizeBytes)
    this.#counters.set('accountBodiesBytes', bodyBytes)
    this.#counters.set('accountRingBytes', this.#publisher.usedBytes)
  }
}
