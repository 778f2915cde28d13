import type { ExecutionContext } from 'ava'
import { DroppedCounts } from '../../lib/shard/dropped-counts.ts'
import { Kernel } from '../../lib/shard/kernel.ts'
import { KernelTurns } from '../../lib/shard/kernel-turns.ts'
import { RemoteLabeler } from '../../lib/shard/learn/remote-labels.ts'
import { Publisher } from '../../lib/shard/publish.ts'
import type { DecodeLimits } from '../../lib/shard/push/decode.ts'
import { InvalidLog } from '../../lib/shard/push/invalid-log.ts'
import { Pushes } from '../../lib/shard/push/pushes.ts'
import { TextSamples } from '../../lib/shard/push/text-samples.ts'
import {
  allocateShardCounters,
  CounterBlock,
  SHARD_COUNTERS,
  type ShardCounter,
  shardDestinationCounters,
} from '../../shared/counters.ts'
import { createDoorbell, Doorbell } from '../../shared/doorbell.ts'
import { KIND_METADATA, SEGMENT_HEADER_BYTES, SEGMENT_RAW_BYTES_AT } from '../../shared/frame.ts'
import type { PushResult, PushSpec, RemoteRules, ShardOptions } from '../../shared/protocol.ts'
import { createRing, RingConsumer } from '../../shared/ring.ts'
import { decodeSeries, type ShownSeries, uncompress } from './kernel-model.ts'
import { shardOptionsOf } from './specs.ts'

export const LIMITS: DecodeLimits = { textBytesMax: 1 << 24, snappyBytesMax: 1 << 20 }

/** A push without anything special. */
export function pushSpecOf(fields: Partial<PushSpec> = {}): PushSpec {
  return { client: '192.0.2.1', encoding: 'identity', timeMs: 0, extraLabels: [], ...fields }
}

/** A piece whose memory is its own, as after a transfer. */
export function pieceOf(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(content as string))
}

/** What a shard does with pushes, without its thread: pieces go in, and answers and what goes to the ring come out. */
export class Pushing {
  readonly pushes: Pushes
  readonly turns = new KernelTurns()
  readonly samples: TextSamples
  readonly counters: CounterBlock<ShardCounter>
  readonly log: string[] = []
  /** Protobuf of each metadata frame that was taken. */
  readonly metadata: Buffer[] = []
  /** All series that were taken, by the set of destinations that they are for. */
  readonly byDestinations = new Map<number, ShownSeries[]>()
  /** What relabeling for each destination dropped. */
  readonly droppedFor: () => number[]
  readonly #ring: RingConsumer
  readonly #roomBell: Doorbell
  readonly #answers = new Map<number, PushResult[]>()
  readonly #waiting = new Set<() => void>()
  #lastNumber = 0
  #remote: RemoteLabeler

  constructor(
    t: ExecutionContext,
    options: Partial<ShardOptions> & { readonly limits?: DecodeLimits; readonly ringBytes?: number } = {},
  ) {
    const { limits = LIMITS, ringBytes = 1 << 20, ...fields } = options
    const shardOptions = shardOptionsOf(fields)
    const memory = {
      ring: createRing(ringBytes),
      dataBell: createDoorbell(),
      roomBell: createDoorbell(),
      counters: allocateShardCounters(2),
    }
    this.counters = new CounterBlock<ShardCounter>(SHARD_COUNTERS, memory.counters)
    this.#ring = new RingConsumer(memory.ring)
    this.#roomBell = new Doorbell(memory.roomBell)
    const publisher = new Publisher(memory, this.counters)
    const destinations = shardDestinationCounters(memory.counters)
    const dropped = new DroppedCounts(this.counters, destinations)
    this.droppedFor = () => destinations.map(counters => counters.get('samplesDroppedByRules'))
    this.#remote = new RemoteLabeler(shardOptions)
    const host = { lookup: () => t.fail('not our host') as never, learn: () => t.fail('not our host') as never }
    this.samples = new TextSamples(new Kernel(host, [1, 2]), publisher, dropped)
    const means = {
      turns: this.turns,
      samples: this.samples,
      publisher,
      remote: () => this.#remote,
      sendMetadata: shardOptions.sendMetadata,
      counters: this.counters,
      invalidLog: new InvalidLog((_level, message) => this.log.push(message)),
    }
    this.pushes = new Pushes(means, (push, result) => this.#hear(push, result), limits)
  }

  /** Other rules come into force. */
  relabel(rules: Partial<RemoteRules>): void {
    this.#remote = new RemoteLabeler(shardOptionsOf(rules))
  }

  /** Pushes a body in so many pieces, each when it is asked for; the ring must be large enough. Resolves with the end. */
  async push(pieces: readonly (string | Uint8Array)[], spec: Partial<PushSpec> = {}): Promise<PushResult> {
    const number = this.begin(pieces[0]!, pieces.length === 1, spec)
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.pushes.more(number, { piece: pieceOf(piece), isLast: index === pieces.length - 1 })
      const answer = await this.answer(number, index)
      if (answer.state !== 'more') return answer
    }
    throw new Error('more was asked for than there is')
  }

  /** Begins a push and gives its number. */
  begin(piece: string | Uint8Array, isLast: boolean, spec: Partial<PushSpec> = {}): number {
    const number = ++this.#lastNumber
    this.pushes.begin(number, pushSpecOf(spec), { piece: pieceOf(piece), isLast })
    return number
  }

  /** All answers to a push so far. */
  answers(number: number): readonly PushResult[] {
    return this.#answers.get(number) ?? []
  }

  /** Resolves with the answer of that index. */
  answer(number: number, index: number): Promise<PushResult> {
    return new Promise(resolve => {
      const look = () => {
        const answer = this.answers(number)[index]
        if (answer === undefined) return
        this.#waiting.delete(look)
        resolve(answer)
      }
      this.#waiting.add(look)
      look()
    })
  }

  /** Takes up to so many frames out of the ring, and gives their series. */
  take(frames = Number.POSITIVE_INFINITY): ShownSeries[] {
    const series: ShownSeries[] = []
    const taken = this.#ring.drain((bytes, start, end, kind, destinations) => {
      const rawBytes = new DataView(bytes.buffer, start).getUint32(SEGMENT_RAW_BYTES_AT, true)
      const raw = uncompress([bytes.slice(start + SEGMENT_HEADER_BYTES, end)], rawBytes)
      if (kind === KIND_METADATA) {
        this.metadata.push(raw)
        return
      }
      const decoded = decodeSeries(raw)
      this.byDestinations.set(destinations, [...(this.byDestinations.get(destinations) ?? []), ...decoded])
      series.push(...decoded)
    }, frames)
    if (taken > 0) this.#roomBell.ring()
    return series
  }

  /** As `take`, in lines. */
  shown(frames = Number.POSITIVE_INFINITY): string[] {
    return this.take(frames).map(showLine)
  }

  #hear(push: number, result: PushResult): void {
    this.#answers.set(push, [...this.answers(push), result])
    for (const look of this.#waiting) look()
  }
}

/** `name{label="value"} value@milliseconds` */
export function showLine({ labels, sample }: ShownSeries): string {
  const [, name, rest] = /^\{__name__="([^"]*)",?(.*)\}$/.exec(labels) ?? [undefined, '', labels]
  const [bits, time] = sample.split('@')
  return `${name}${rest === '' ? '' : `{${rest}}`} ${Buffer.from(bits!, 'hex').readDoubleBE()}@${time}`
}
