import { WINDOW_AT } from '../../kernel/layout.ts'
import { compileRules } from '../../lib/relabel/compile.ts'
import { kernelChecksum } from '../../lib/shard/checksum.ts'
import type { TargetClient } from '../../lib/shard/fetch.ts'
import { FetchJob } from '../../lib/shard/fetch-job.ts'
import { createInflater, type Inflater } from '../../lib/shard/inflate.ts'
import { Kernel } from '../../lib/shard/kernel.ts'
import { RemoteLabeler } from '../../lib/shard/learn/remote-labels.ts'
import { LearnHost } from '../../lib/shard/learn-host.ts'
import { Round } from '../../lib/shard/round.ts'
import type { RoundCounts } from '../../lib/shard/round-counts.ts'
import { BodyReader, type ReceivedBody } from '../../lib/shard/scrape-body.ts'
import { staleChunks } from '../../lib/shard/stale.ts'
import { type AutoChunk, TargetBlock } from '../../lib/shard/target-block.ts'
import { TargetState } from '../../lib/shard/target-state.ts'
import type { JobSpec, RelabelRuleSpec, TargetSpec } from '../../shared/target.ts'
import { decodeSeries, type ModelTarget, type ShownSeries, uncompress } from './kernel-model.ts'
import { shardOptionsOf } from './specs.ts'

export const NO_AUTO_METRICS: AutoChunk = { stencil: new Uint8Array(0), rawBytes: 0, timesAt: [], valuesAt: [] }

const BODY_BYTES_MAX = 256 << 20
const DROP_RULE: RelabelRuleSpec = {
  action: 'drop',
  sourceLabels: ['drop'],
  separator: ';',
  regex: 'yes',
  targetLabel: '',
  replacement: '$1',
  modulus: 0,
}

/** What a scrape has come to. */
export type RigScrape = {
  readonly counts: RoundCounts
  readonly chunksEncoded: number
  /** The block was replaced. */
  readonly isChanged: boolean
  /** Stale markers. */
  readonly vanished: readonly ShownSeries[]
}

/** Kernel, round and body reader of one target, put together as in a shard, and without everything around them. */
export class KernelRig {
  readonly kernel: Kernel
  readonly round: Round
  readonly reader: BodyReader
  readonly #host: LearnHost
  readonly #inflater: Inflater
  readonly #target: TargetState
  block = TargetBlock.empty(NO_AUTO_METRICS)

  /** @param t only its teardown is needed */
  constructor(t: { teardown(close: () => void): void }, target: ModelTarget) {
    this.#host = new LearnHost()
    this.kernel = new Kernel(this.#host, [1, 2])
    this.#inflater = createInflater(kernelChecksum(this.kernel))
    t.teardown(() => this.#inflater.close())
    this.round = new Round(this.kernel, () => this.#host.prepare())
    this.#host.kernel = this.kernel
    this.#host.index = this.round.index
    this.reader = new BodyReader(this.kernel, this.#inflater)
    this.#target = targetState(target)
  }

  /** Takes in a whole body. Throws what the reader throws, and has then given up. */
  scrape(body: string | ReceivedBody, timeMs: number, bodyBytesMax = BODY_BYTES_MAX): RigScrape {
    const { round } = this
    const received = typeof body === 'string' ? plain(Buffer.from(body)) : body
    try {
      round.begin(this.block, timeMs, this.#beginTarget())
      this.reader.read(received, round, bodyBytesMax)
      const sources = round.finish()
      const { counts, chunksEncoded } = round
      const old = this.block
      if (sources !== undefined) this.block = TargetBlock.assemble(old, sources, NO_AUTO_METRICS)
      const stale = sources === undefined ? [] : [...staleChunks(this.kernel, old, round.index.seen, timeMs)]
      const vanished = stale.flatMap(({ stencil, rawBytes }) => decodeSeries(uncompress([stencil], rawBytes)))
      return { counts, chunksEncoded, isChanged: sources !== undefined, vanished }
    } finally {
      round.forget()
    }
  }

  /** Takes in the lines of a body in windows of so many lines, and gives no more than the block. */
  scrapeWindows(windows: readonly (readonly string[])[], timeMs: number): void {
    this.round.begin(this.block, timeMs, this.#beginTarget())
    for (const lines of windows) {
      const text = Buffer.from(lines.map(line => `${line}\n`).join(''))
      this.kernel.bytes.set(text, WINDOW_AT)
      this.round.lines(WINDOW_AT, WINDOW_AT + text.length)
    }
    const sources = this.round.finish()
    if (sources !== undefined) this.block = TargetBlock.assemble(this.block, sources, NO_AUTO_METRICS)
    this.round.forget()
  }

  /** Takes in a body and gives up then, as for a limit that is exceeded. */
  giveUp(body: string, timeMs: number): void {
    this.round.begin(this.block, timeMs, this.#beginTarget())
    this.reader.read(plain(Buffer.from(body)), this.round, BODY_BYTES_MAX)
    this.round.forget()
  }

  #beginTarget(): number {
    return this.#host.begin(this.#target, this.#target.remote!.views[0]!)
  }

  /** The protobuf that the block stands for. */
  raw(): Buffer {
    return rawOf(this.block)
  }

  series(): ShownSeries[] {
    return decodeSeries(this.raw())
  }
}

export function rawOf(block: TargetBlock): Buffer {
  let rawBytes = block.autoRawBytes
  for (let chunk = 0; chunk < block.chunks; chunk++) rawBytes += block.chunkRawBytes(chunk)
  return uncompress([block.bytes.subarray(block.stencilAt, block.autoAt + block.autoStencilBytes)], rawBytes)
}

/** A body that came in one piece. */
export function plain(body: Uint8Array): ReceivedBody {
  return { encoding: 'identity', chunks: [body] }
}

function targetState({ labels, honorLabels, honorTimestamps, drops }: ModelTarget): TargetState {
  const job: JobSpec = {
    key: 'job',
    jobName: 'job',
    http: { headers: [] },
    externalLabels: [],
    metricRelabelRules: drops ? [DROP_RULE] : [],
    honorLabels,
    honorTimestamps,
    disableCompression: false,
    disableKeepAlive: false,
    followRedirects: true,
    noStaleMarkers: false,
  }
  const spec: TargetSpec = {
    id: '0123456789abcdef',
    jobKey: 'job',
    url: 'http://127.0.0.1/metrics',
    labels,
    intervalMs: 1000,
    timeoutMs: 1000,
    offsetMs: 0,
    maxBodyBytes: BODY_BYTES_MAX,
    sampleLimit: 0,
    labelLimit: 0,
    seriesLimit: 0,
  }
  // Nothing here fetches.
  const metricRules = compileRules(job.metricRelabelRules)
  const shardJob = { spec: job, fetchJob: new FetchJob(job), metricRules, targets: 1 }
  const state = new TargetState(spec, shardJob, undefined as unknown as TargetClient)
  state.remote = new RemoteLabeler(shardOptionsOf())
  return state
}
