import { extname } from 'node:path'
import type {
  DestinationSpec,
  FromShard,
  FromWriter,
  RemoteRules,
  ShardOptions,
  TargetResponse,
  TargetStatus,
  ToShard,
  ToWriter,
  WriterOptions,
} from '../../shared/protocol.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'
import type { Logger, ScopedLog } from './log.ts'
import { PushRouter } from './push-router.ts'
import { allocateSharedMemory, type SharedMemory } from './ring-memory.ts'
import { Roster, type ShardChange } from './roster.ts'
import { StatusRequests } from './status.ts'
import { TargetResponses } from './target-responses.ts'
import { Thread, type WorkerFailed } from './thread.ts'

/** The worker files; tests put their own here. */
export type WorkerEntries = { readonly shard: URL; readonly writer: URL }

export type SupervisorOptions = {
  /** 1 or more. */
  readonly shardCount: number
  readonly shardOptions: ShardOptions
  readonly destinations: readonly DestinationSpec[]
  readonly writerOptions: WriterOptions
  readonly logger: Pick<Logger, 'at'>
  /** A thread ended that nobody asked to; called once for each. The others still run. */
  readonly onFailure: (error: WorkerFailed) => void
  readonly entries?: WorkerEntries
}

/** `.ts` when run as it is, `.js` when built. */
const EXTENSION = extname(import.meta.filename)

const WORKERS: WorkerEntries = {
  shard: new URL(`../../workers/shard${EXTENSION}`, import.meta.url),
  writer: new URL(`../../workers/writer${EXTENSION}`, import.meta.url),
}

/**
 * The heap of a worker. Left to itself, V8 lets the young generation of every thread grow by tens of MiB before it
 * collects; what a scrape leaves behind dies at once, so a small one collects as little and halves RSS. The old
 * generation holds the control state of a thread, some KiB a target: blocks, rings and buffers lie outside of the heap.
 */
const WORKER_LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 256 }

/** A thread that is not ready by then never will be: on a busy, slow machine it takes a second or two. */
const READY_TIMEOUT_MS = 60_000

/**
 * Owns the worker threads and the memory that they share: starts them, tells each shard of its own targets and of
 * nothing else, and stops them in the order of the data's way.
 */
export class Supervisor {
  readonly memory: SharedMemory
  /** Where pushed bodies go. */
  readonly pushes: PushRouter
  readonly #options: SupervisorOptions
  readonly #log: ScopedLog
  readonly #roster: Roster
  readonly #statuses = new StatusRequests()
  readonly #responses = new TargetResponses()
  readonly #writer: Thread<ToWriter, FromWriter>
  readonly #shards: readonly Thread<ToShard, FromShard>[]
  #jobs: ReadonlyMap<string, JobSpec> = new Map()
  #asking: Promise<ReadonlyMap<string, TargetStatus>> | undefined

  /**
   * Starts the writer and the shards; resolves when all are at work.
   *
   * @throws {WorkerFailed} one of them failed; then none is left
   */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const supervisor = new Supervisor(options)
    const threads = [supervisor.#writer, ...supervisor.#shards]
    try {
      await Promise.all(threads.map(thread => thread.ready(READY_TIMEOUT_MS)))
    } catch (error) {
      await Promise.all(threads.map(thread => thread.kill()))
      throw error
    }
    return supervisor
  }

  private constructor(options: SupervisorOptions) {
    this.memory = allocateSharedMemory(options.shardCount, options.destinations.length)
    this.#options = options
    this.#log = options.logger.at('penstock/supervise')
    this.#roster = new Roster(options.shardCount)
    this.#writer = this.#startWriter()
    this.#shards = this.memory.shards.map((_, shard) => this.#startShard(shard, options.shardOptions))
    this.pushes = new PushRouter(this.#shards)
  }

  /**
   * From now on these are the targets. Shards hear of the difference only: a target whose id stays is not touched, and
   * one of the same job, URL and labels goes on with its new options.
   *
   * @param jobs all that `targets` refer to
   */
  assign(jobs: readonly JobSpec[], targets: readonly TargetSpec[]): void {
    this.#jobs = new Map(jobs.map(job => [job.key, job]))
    const changes = this.#roster.replace(targets)
    for (const [shard, change] of changes.entries()) this.#tell(this.#shards[shard]!, change)
    const sum = (kind: keyof ShardChange) => changes.reduce((count, change) => count + change[kind].length, 0)
    const [added, removed, changed] = [sum('added'), sum('removed'), sum('changed')]
    if (added + removed + changed === 0) return
    this.#log.info(`targets: ${added} added, ${removed} removed, ${changed} changed, ${targets.length} in all`)
  }

  /** From the next scrape of each target on, these rules are in force. */
  relabel(rules: RemoteRules): void {
    for (const shard of this.#shards) shard.send({ type: 'relabel', rules })
  }

  /** The shard that has the target of this id; undefined if there is no such target. */
  shardOf(id: string): number | undefined {
    return this.#roster.shardOf(id)
  }

  /** How the last scrape of every target went, by id. Targets of a shard that does not answer in time are missing. */
  targetStatuses(): Promise<ReadonlyMap<string, TargetStatus>> {
    // Those who ask while the shards are being asked share the answers.
    this.#asking ??= this.#statuses.ask(this.#shards, 'all').finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** What a target answers now; undefined if there is no such target. */
  async targetResponse(target: TargetSpec): Promise<TargetResponse | undefined> {
    const shard = this.#roster.shardOf(target.id)
    return shard === undefined ? undefined : this.#responses.ask(this.#shards[shard]!, target)
  }

  /** Lets the shards finish the scrapes in flight, if they do within `graceMs`, and ends them. */
  async stopShards(graceMs: number): Promise<void> {
    await Promise.all(
      this.#shards.map(async shard => {
        const stopped = await shard.stop({ type: 'stop', graceMs }, graceMs)
        if (!stopped) this.#log.warn(`${shard.name} did not stop within ${graceMs} ms and was ended by force`)
      }),
    )
  }

  /** After `stopShards`: lets the writer drain the rings and deliver what is queued within `graceMs`, and ends it. */
  async stopWriter(graceMs: number): Promise<void> {
    const stopped = await this.#writer.stop({ type: 'stop', graceMs }, graceMs)
    if (!stopped) this.#log.warn(`${this.#writer.name} did not stop within ${graceMs} ms and was ended by force`)
  }

  #tell(shard: Thread<ToShard, FromShard>, { added, removed, changed }: ShardChange): void {
    if (added.length + removed.length + changed.length === 0) return
    const jobKeys = new Set([...added, ...changed.map(({ spec }) => spec)].map(target => target.jobKey))
    const jobs = [...jobKeys].map(key => this.#jobs.get(key)!)
    shard.send({ type: 'targets', jobs, added, removed, changed })
  }

  #startWriter(): Thread<ToWriter, FromWriter> {
    const { destinations, writerOptions: options, logger, onFailure, entries = WORKERS } = this.#options
    const log = logger.at('penstock/writer')
    const thread: Thread<ToWriter, FromWriter> = new Thread({
      entry: entries.writer,
      name: 'writer',
      resourceLimits: WORKER_LIMITS,
      onFailure,
      handlers: {
        log: ({ level, message }) => log[level](message),
        ready: () => thread.isReady(),
        failed: ({ error }) => thread.fail(error.message),
        stopped: ({ blocksLost, samplesLost }) => {
          if (blocksLost > 0) log.error(`lost ${samplesLost} samples in ${blocksLost} undelivered blocks`)
          thread.hasStopped()
        },
      },
    })
    const { shards, writerCounters: counters } = this.memory
    thread.send({ type: 'start', shards, destinations, counters, options })
    return thread
  }

  #startShard(shard: number, options: ShardOptions): Thread<ToShard, FromShard> {
    const { logger, onFailure, entries = WORKERS } = this.#options
    const log = logger.at('penstock/shard')
    const thread: Thread<ToShard, FromShard> = new Thread({
      entry: entries.shard,
      name: `shard ${shard}`,
      resourceLimits: WORKER_LIMITS,
      onFailure,
      handlers: {
        log: ({ level, message }) => log[level](message),
        ready: () => thread.isReady(),
        status: ({ request, targets }) => this.#statuses.answer(request, targets),
        response: ({ request, response }) => this.#responses.answer(request, response),
        pushed: ({ push, result }) => this.pushes.answer(push, result),
        weights: ({ samples }) => this.#roster.weigh(samples),
        failed: ({ error }) => thread.fail(error.message),
        stopped: ({ segmentsLost }) => {
          if (segmentsLost > 0) log.error(`${thread.name} lost ${segmentsLost} segments: no room in its ring`)
          thread.hasStopped()
        },
      },
    })
    thread.send({ type: 'start', shard, memory: this.memory.shards[shard]!, options })
    return thread
  }
}
