import { compileRules } from '../../lib/relabel/compile.ts'
import { DroppedCounts } from '../../lib/shard/dropped-counts.ts'
import type { TargetClient } from '../../lib/shard/fetch.ts'
import { FetchJob } from '../../lib/shard/fetch-job.ts'
import { Publisher } from '../../lib/shard/publish.ts'
import { Scraper } from '../../lib/shard/scraper.ts'
import { TargetState } from '../../lib/shard/target-state.ts'
import {
  allocateShardCounters,
  CounterBlock,
  SHARD_COUNTERS,
  type ShardCounter,
  type ShardDestinationCounter,
  shardDestinationCounters,
} from '../../shared/counters.ts'
import { createDoorbell } from '../../shared/doorbell.ts'
import { PenstockError } from '../../shared/errors.ts'
import { KIND_METADATA, KIND_SEGMENT, SEGMENT_HEADER_BYTES, SEGMENT_RAW_BYTES_AT } from '../../shared/frame.ts'
import type { RemoteRules, ShardOptions } from '../../shared/protocol.ts'
import { createRing, RingConsumer } from '../../shared/ring.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'
import { decodeSeries, type ShownSeries, uncompress } from './kernel-model.ts'
import { jobOf, targetOf } from './learning.ts'
import { shardOptionsOf } from './specs.ts'

const RING_BYTES = 1 << 23
const DESTINATIONS = 5

/** What a scrape sends: `name{label="value",...}` without the labels of the target, and the value; `stale` for a marker. */
export type Sent = Readonly<Record<string, number | 'stale'>>

/** One target of a scraper, without the network: bodies go in, and what a shard would send of them comes out. */
export class Scraping {
  target: TargetState
  readonly counters: CounterBlock<ShardCounter>
  readonly destinations: readonly CounterBlock<ShardDestinationCounter>[]
  /** What the last scrape sent to each set of destinations, in order. */
  sentTo: ReadonlyMap<number, readonly ShownSeries[]> = new Map()
  /** The sets of destinations that the last scrape sent metadata to. */
  metadataTo: readonly number[] = []
  /** The timestamps of what the last scrape sent, each once. */
  timesMs: readonly number[] = []
  readonly #scraper: Scraper
  readonly #ring: RingConsumer
  /** Stands in for a client that has received a body. */
  readonly #client = { encoding: 'identity', chunks: [] as Uint8Array[] }

  /** @param t only its teardown is needed */
  constructor(
    t: { teardown(close: () => void): void },
    spec: Partial<TargetSpec> = {},
    job: Partial<JobSpec> = {},
    options: Partial<ShardOptions> = {},
  ) {
    const counters = allocateShardCounters(DESTINATIONS)
    const ring = createRing(RING_BYTES)
    const memory = { ring, dataBell: createDoorbell(), roomBell: createDoorbell(), counters }
    this.counters = new CounterBlock<ShardCounter>(SHARD_COUNTERS, counters)
    this.destinations = shardDestinationCounters(counters)
    this.#ring = new RingConsumer(ring)
    const publisher = new Publisher(memory, this.counters)
    const dropped = new DroppedCounts(this.counters, this.destinations)
    this.#scraper = new Scraper(shardOptionsOf(options), publisher, this.counters, dropped)
    t.teardown(() => this.#scraper.close())

    this.target = this.#makeTarget(spec, job)
  }

  /** The target goes on with other options. */
  change(spec: Partial<TargetSpec>, job: Partial<JobSpec>): void {
    const before = this.target
    this.target = this.#makeTarget(spec, job)
    this.target.succeed(before)
  }

  #makeTarget(spec: Partial<TargetSpec>, job: Partial<JobSpec>): TargetState {
    const jobSpec = jobOf(job)
    const metricRules = compileRules(jobSpec.metricRelabelRules)
    const shardJob = { spec: jobSpec, fetchJob: new FetchJob(jobSpec), metricRules, targets: 1 }
    return new TargetState(targetOf(spec), shardJob, this.#client as unknown as TargetClient)
  }

  /**
   * One scrape as a shard does it.
   *
   * @param body undefined stands for a fetch that has failed; pieces are as they came, and compressed
   */
  async scrape(body: string | readonly Uint8Array[] | undefined, timeMs: number): Promise<Sent> {
    const { target } = this
    target.dueMs = timeMs
    target.startedMs = performance.now()
    this.#client.encoding = Array.isArray(body) ? 'gzip' : 'identity'
    this.#client.chunks = body === undefined ? [] : typeof body === 'string' ? [Buffer.from(body)] : [...body]
    this.#scraper.prepare(target)
    try {
      if (body === undefined) await this.#scraper.fail(target, undefined)
      else await this.#scraper.succeed(target)
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      await this.#scraper.fail(target, error)
    }
    target.scrapes++
    return this.#sent()
  }

  /** Other rules are in force from the next scrape on. */
  relabel(rules: Partial<RemoteRules>): void {
    this.#scraper.relabel(shardOptionsOf(rules))
  }

  /** The target is scraped no more. */
  async retire(timeMs: number): Promise<Sent> {
    await this.#scraper.retire(this.target.predecessor ?? this.target, timeMs)
    return this.#sent()
  }

  #sent(): Sent {
    const sentTo = new Map<number, ShownSeries[]>()
    const metadataTo: number[] = []
    this.#ring.drain((bytes, start, end, kind, destinations) => {
      if (kind === KIND_METADATA) metadataTo.push(destinations)
      if (kind !== KIND_SEGMENT) return
      const rawBytes = new DataView(bytes.buffer, start).getUint32(SEGMENT_RAW_BYTES_AT, true)
      const raw = uncompress([bytes.slice(start + SEGMENT_HEADER_BYTES, end)], rawBytes)
      sentTo.set(destinations, [...(sentTo.get(destinations) ?? []), ...decodeSeries(raw)])
    }, Number.POSITIVE_INFINITY)
    const all = [...sentTo.values()].flat()
    this.sentTo = sentTo
    this.metadataTo = metadataTo
    this.timesMs = [...new Set(all.map(({ sample }) => Number(sample.split('@')[1])))]
    return summaryOf(all)
  }
}

/** What was sent, by series; of several samples of one, the last. */
export function summaryOf(series: readonly ShownSeries[]): Sent {
  return Object.fromEntries(series.map(({ labels, sample }) => [nameOf(labels), numberOf(sample)]))
}

function nameOf(labels: string): string {
  const pairs = [...labels.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)]
  const name = pairs.find(([, label]) => label === '__name__')?.[2] ?? '""'
  const own = pairs.filter(([, label]) => !['__name__', 'instance', 'job'].includes(label!)).map(([pair]) => pair)
  return JSON.parse(name) + (own.length === 0 ? '' : `{${own.join(',')}}`)
}

function numberOf(sample: string): number | 'stale' {
  const bits = sample.slice(0, 16)
  return bits === '7ff0000000000002' ? 'stale' : Buffer.from(bits, 'hex').readDoubleBE()
}
