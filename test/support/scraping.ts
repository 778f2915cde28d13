import type { ExecutionContext } from 'ava'
import { compileRules } from '../../lib/relabel/compile.ts'
import type { TargetClient } from '../../lib/shard/fetch.ts'
import { FetchJob } from '../../lib/shard/fetch-job.ts'
import { Publisher } from '../../lib/shard/publish.ts'
import { Scraper } from '../../lib/shard/scraper.ts'
import { TargetState } from '../../lib/shard/target-state.ts'
import { CounterBlock, SHARD_COUNTERS, type ShardCounter } from '../../shared/counters.ts'
import { createDoorbell } from '../../shared/doorbell.ts'
import { PenstockError } from '../../shared/errors.ts'
import { SEGMENT_HEADER_BYTES, SEGMENT_RAW_BYTES_AT } from '../../shared/frame.ts'
import type { ShardOptions } from '../../shared/protocol.ts'
import { createRing, RingConsumer } from '../../shared/ring.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'
import { decodeSeries, uncompress } from './kernel-model.ts'
import { jobOf, targetOf } from './learning.ts'
import { shardOptionsOf } from './specs.ts'

const RING_BYTES = 1 << 20

/** What a scrape sends: `name{label="value",...}` without the labels of the target, and the value; `stale` for a marker. */
export type Sent = Readonly<Record<string, number | 'stale'>>

/** One target of a scraper, without the network: bodies go in, and what a shard would send of them comes out. */
export class Scraping {
  readonly target: TargetState
  readonly counters: CounterBlock<ShardCounter>
  /** The timestamps of what the last scrape sent, each once. */
  timesMs: readonly number[] = []
  readonly #scraper: Scraper
  readonly #ring: RingConsumer
  /** Stands in for a client that has received a body. */
  readonly #client = { encoding: 'identity', chunks: [] as Uint8Array[] }

  constructor(
    t: ExecutionContext,
    spec: Partial<TargetSpec> = {},
    job: Partial<JobSpec> = {},
    options: Partial<ShardOptions> = {},
  ) {
    const shardOptions = shardOptionsOf(options)
    const counters = CounterBlock.allocate(SHARD_COUNTERS)
    const ring = createRing(RING_BYTES)
    const memory = { ring, dataBell: createDoorbell(), roomBell: createDoorbell(), counters }
    this.counters = new CounterBlock<ShardCounter>(SHARD_COUNTERS, counters)
    this.#ring = new RingConsumer(ring)
    this.#scraper = new Scraper(shardOptions, new Publisher(memory, this.counters), this.counters)
    t.teardown(() => this.#scraper.close())

    const jobSpec = jobOf(job)
    const rules = {
      metric: compileRules(jobSpec.metricRelabelRules),
      remote: compileRules(shardOptions.remoteRelabelRules),
      remoteLabels: shardOptions.remoteLabels,
    }
    const shardJob = { spec: jobSpec, fetchJob: new FetchJob(jobSpec), rules, targets: 1 }
    const target = new TargetState(targetOf(spec), shardJob, this.#client as unknown as TargetClient)
    const { block, autoMetrics } = this.#scraper.emptyBlock(target)
    target.prepare(block, autoMetrics)
    this.target = target
  }

  /** One scrape as a shard does it; undefined stands for a fetch that has failed. */
  async scrape(body: string | undefined, timeMs: number): Promise<Sent> {
    const { target } = this
    target.dueMs = timeMs
    target.startedMs = performance.now()
    this.#client.chunks = body === undefined ? [] : [Buffer.from(body)]
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

  #sent(): Sent {
    const sent: Record<string, number | 'stale'> = {}
    const timesMs = new Set<number>()
    this.#ring.drain((bytes, start, end) => {
      const rawBytes = new DataView(bytes.buffer, start).getUint32(SEGMENT_RAW_BYTES_AT, true)
      const raw = uncompress([bytes.slice(start + SEGMENT_HEADER_BYTES, end)], rawBytes)
      for (const { labels, sample } of decodeSeries(raw)) {
        sent[nameOf(labels)] = numberOf(sample)
        timesMs.add(Number(sample.split('@')[1]))
      }
    }, Number.POSITIVE_INFINITY)
    this.timesMs = [...timesMs]
    return sent
  }
}

function nameOf(labels: string): string {
  const pairs = [...labels.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)]
  const name = pairs.find(([, label]) => label === '__name__')![2]!
  const own = pairs.filter(([, label]) => !['__name__', 'instance', 'job'].includes(label!)).map(([pair]) => pair)
  return JSON.parse(name) + (own.length === 0 ? '' : `{${own.join(',')}}`)
}

function numberOf(sample: string): number | 'stale' {
  const bits = sample.slice(0, 16)
  return bits === '7ff0000000000002' ? 'stale' : Buffer.from(bits, 'hex').readDoubleBE()
}
