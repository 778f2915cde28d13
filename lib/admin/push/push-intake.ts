import type { PushEncoding, PushPiece, PushSpec } from '../../../shared/protocol.ts'
import type { PushSink, PushStream } from '../../control/push-router.ts'
import type { MetricFamily } from '../exposition.ts'
import { Allowance } from './allowance.ts'
import { bodyPieces, PIECE_BYTES_MAX } from './body-pieces.ts'
import { PushRefused } from './push-refused.ts'

export type PushOptions = {
  /** `-maxConcurrentInserts`: pieces of bodies that shards work on at a time; 1 or more. */
  readonly concurrentMax: number
  /** `-insert.maxQueueDuration`: how long a piece waits for that, and a body for memory. */
  readonly queueMsMax: number
  /** What all bodies in flight may take, here and in the shards. */
  readonly memoryBytesMax: number
}

/** A line that has begun, and what a decoder keeps of the past, of a body that comes in several pieces. */
const LINE_BYTES = 256 * 1024
const DECODER_BYTES: Readonly<Record<PushEncoding, number>> = {
  identity: 0,
  gzip: 256 * 1024,
  deflate: 256 * 1024,
  zstd: 8 * 1024 * 1024 + 512 * 1024,
  snappy: 64 * 1024 * 1024,
}

/** A request with a body that is pushed. */
export type IncomingPush = {
  readonly spec: PushSpec
  readonly body: AsyncIterable<Buffer>
  /** Content-Length; undefined if the client does not know. */
  readonly sizeBytes: number | undefined
  /** Calls back, once, when the connection is over: after the answer, or before it if the client has gone. */
  readonly onOver: (listener: () => void) => void
}

/**
 * Takes the bodies that clients push to the shards, piece by piece. What is on the way at one time is bounded, however many
 * clients there are and however large their bodies: who comes too soon waits, and is sent away after a while.
 */
export class PushIntake {
  readonly #sink: PushSink
  readonly #queueMsMax: number
  readonly #turns: Allowance
  readonly #memory: Allowance

  constructor(options: PushOptions, sink: PushSink) {
    this.#sink = sink
    this.#queueMsMax = options.queueMsMax
    this.#turns = new Allowance(options.concurrentMax)
    this.#memory = new Allowance(options.memoryBytesMax)
  }

  /**
   * Resolves when all samples of the body are in a ring.
   *
   * @throws {PushRefused} and what `body` throws when the connection breaks
   */
  async take({ spec, body, sizeBytes, onOver }: IncomingPush): Promise<void> {
    const bytes = await this.#borrow(this.#memory, memoryOf(spec.encoding, sizeBytes), 'memory for pushed bodies')
    const stream = this.#sink.open(spec)
    onOver(() => stream.cancel())
    try {
      for await (const piece of bodyPieces(body, sizeBytes)) await this.#hand(stream, piece)
    } finally {
      // Of a push that has come to its end there is nothing to cancel.
      stream.cancel()
      this.#memory.give(bytes)
    }
  }

  async #hand(stream: PushStream, piece: PushPiece): Promise<void> {
    const turn = await this.#borrow(this.#turns, 1, 'a turn (-maxConcurrentInserts)')
    try {
      const result = await stream.send(piece)
      if (result.state === 'refused') throw new PushRefused(result.error)
    } finally {
      this.#turns.give(turn)
    }
  }

  async #borrow(allowance: Allowance, amount: number, what: string): Promise<number> {
    const given = await allowance.take(amount, this.#queueMsMax)
    if (given !== undefined) return given
    const message = `too busy: ${what} was not to be had within ${this.#queueMsMax} ms (-insert.maxQueueDuration)`
    throw new PushRefused({ code: 'PUSH_OVERLOADED', retryable: true, message })
  }

  families(): MetricFamily[] {
    const one = (name: string, type: MetricFamily['type'], help: string, value: number): MetricFamily => {
      return { name, type, help, samples: [{ value }] }
    }
    const turns = this.#turns
    return [
      one('vm_concurrent_insert_capacity', 'gauge', 'Pieces of pushed bodies that are worked on at most.', turns.total),
      one('vm_concurrent_insert_current', 'gauge', 'Pieces of pushed bodies that are worked on.', turns.used),
      one('vm_concurrent_insert_limit_reached_total', 'counter', 'Pieces that had to wait for a turn.', turns.waits),
      one('vm_concurrent_insert_limit_timeout_total', 'counter', 'Pieces that waited in vain.', turns.timeouts),
      one('penstock_push_memory_bytes', 'gauge', 'Memory set aside for pushed bodies in flight.', this.#memory.used),
      one('penstock_push_memory_max_bytes', 'gauge', 'What that may come to.', this.#memory.total),
      one('penstock_push_memory_waits_total', 'counter', 'Bodies that had to wait for memory.', this.#memory.waits),
    ]
  }
}

/** Most that a body takes at a time. One that is a single piece has no decoder before it has its turn. */
function memoryOf(encoding: PushEncoding, sizeBytes: number | undefined): number {
  if (sizeBytes !== undefined && sizeBytes <= PIECE_BYTES_MAX) return sizeBytes
  return PIECE_BYTES_MAX + LINE_BYTES + DECODER_BYTES[encoding]
}
