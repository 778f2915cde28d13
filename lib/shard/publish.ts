import assert from 'node:assert'
import type { CounterBlock, ShardCounter } from '../../shared/counters.ts'
import { Doorbell } from '../../shared/doorbell.ts'
import {
  KIND_METADATA,
  KIND_SEGMENT,
  SEGMENT_HEADER_BYTES,
  SEGMENT_RAW_BYTES_AT,
  SEGMENT_SAMPLES_AT,
  SEGMENT_SERIES_AT,
} from '../../shared/frame.ts'
import type { ShardMemory } from '../../shared/protocol.ts'
import { RING_FULL, RingProducer } from '../../shared/ring.ts'
import type { TargetBlock } from './target-block.ts'

/** A target's stencil is cut into segments of about this size at most, at chunk borders. */
const SEGMENT_BYTES_MAX = 256 * 1024
/** A snappy literal of up to 64 KiB: tag and two bytes of length. */
const LITERAL_BYTES_MAX = 65536
const LITERAL_TAG_BYTES = 3
const LITERAL_TAG = 61 << 2
/** A lost wake-up must not stop a shard for ever. */
const ROOM_WAIT_MS = 1000

/** What a frame of the ring is made of; see shared/frame.ts. */
type Frame = {
  readonly kind: number
  readonly destinations: number
  readonly bytes: Uint8Array
  readonly rawBytes: number
  readonly samples: number
}

/**
 * Puts segments into the shard's ring, each for a set of destinations; waits while it is full, never drops. One call at
 * a time.
 */
export class Publisher {
  readonly #ring: RingProducer
  readonly #view: DataView
  readonly #dataBell: Doorbell
  readonly #roomBell: Doorbell
  readonly #counters: CounterBlock<ShardCounter>

  constructor(memory: ShardMemory, counters: CounterBlock<ShardCounter>) {
    this.#ring = new RingProducer(memory.ring)
    this.#view = new DataView(memory.ring)
    this.#dataBell = new Doorbell(memory.dataBell)
    this.#roomBell = new Doorbell(memory.roomBell)
    this.#counters = counters
  }

  /**
   * Publishes the stencils of all chunks of a block, and that of its auto metrics. Like all that publishes here, it
   * gives a promise only if it has to wait for room.
   */
  block(block: TargetBlock, destinations: number): Promise<void> | undefined {
    const { stencilAt, autoAt, autoStencilBytes, autoRawBytes, autoValues } = block
    if (autoAt + autoStencilBytes - stencilAt > SEGMENT_BYTES_MAX) return this.#largeBlock(block, destinations)
    let rawBytes = autoRawBytes
    let samples = autoValues
    for (let chunk = 0, { chunks } = block; chunk < chunks; chunk++) {
      rawBytes += block.chunkRawBytes(chunk)
      samples += block.chunkSamples(chunk)
    }
    const bytes = block.bytes.subarray(stencilAt, autoAt + autoStencilBytes)
    return this.segment(bytes, rawBytes, samples, destinations)
  }

  /** Cuts a block into segments. */
  async #largeBlock(block: TargetBlock, destinations: number): Promise<void> {
    let bytesAt = block.stencilAt
    let bytesEnd = bytesAt
    let rawBytes = 0
    let samples = 0
    for (let chunk = 0; chunk < block.chunks; chunk++) {
      const more = block.chunkStencilBytes(chunk)
      if (bytesEnd > bytesAt && bytesEnd + more - bytesAt > SEGMENT_BYTES_MAX) {
        await this.segment(block.bytes.subarray(bytesAt, bytesEnd), rawBytes, samples, destinations)
        bytesAt = bytesEnd
        rawBytes = 0
        samples = 0
      }
      bytesEnd += more
      rawBytes += block.chunkRawBytes(chunk)
      samples += block.chunkSamples(chunk)
    }
    await this.segment(block.bytes.subarray(bytesAt, bytesEnd), rawBytes, samples, destinations)
    await this.auto(block, destinations)
  }

  /** Publishes only the auto metrics of a block. */
  auto(block: TargetBlock, destinations: number): Promise<void> | undefined {
    const { autoAt, autoStencilBytes } = block
    const bytes = block.bytes.subarray(autoAt, autoAt + autoStencilBytes)
    return this.segment(bytes, block.autoRawBytes, block.autoValues, destinations)
  }

  /** Publishes snappy elements that stand for `rawBytes` of protobuf with so many samples. */
  segment(bytes: Uint8Array, rawBytes: number, samples: number, destinations: number): Promise<void> | undefined {
    if (bytes.length === 0) return undefined
    const frame = { kind: KIND_SEGMENT, destinations, bytes, rawBytes, samples }
    return this.#publish(frame) ? undefined : this.#publishLater(frame)
  }

  /** Publishes whole protobuf fields that are not worth compressing; 64 KiB at most. */
  metadata(raw: Uint8Array, destinations: number): Promise<void> | undefined {
    assert(raw.length > 0 && raw.length <= LITERAL_BYTES_MAX)
    const bytes = new Uint8Array(LITERAL_TAG_BYTES + raw.length)
    bytes.set([LITERAL_TAG, (raw.length - 1) & 0xff, (raw.length - 1) >> 8])
    bytes.set(raw, LITERAL_TAG_BYTES)
    const frame = { kind: KIND_METADATA, destinations, bytes, rawBytes: raw.length, samples: 0 }
    return this.#publish(frame) ? undefined : this.#publishLater(frame)
  }

  /** Bytes of the ring that the writer has not taken yet. */
  get usedBytes(): number {
    return this.#ring.usedBytes()
  }

  /** False if there is no room. */
  #publish({ kind, destinations, bytes, rawBytes, samples }: Frame): boolean {
    const at = this.#ring.claim(SEGMENT_HEADER_BYTES + bytes.length, kind, destinations)
    if (at === RING_FULL) return false
    this.#view.setUint32(at + SEGMENT_RAW_BYTES_AT, rawBytes, true)
    this.#view.setUint32(at + SEGMENT_SAMPLES_AT, samples, true)
    this.#view.setUint32(at + SEGMENT_SERIES_AT, samples, true)
    this.#ring.bytes.set(bytes, at + SEGMENT_HEADER_BYTES)
    this.#ring.commit()
    this.#dataBell.ring()
    this.#counters.add('samplesPublished', samples)
    return true
  }

  async #publishLater(frame: Frame): Promise<void> {
    const startMs = performance.now()
    this.#counters.add('ringWaits', 1)
    do {
      // The writer rests between its rounds; a full ring ends that.
      this.#dataBell.ringUrgently()
      await this.#roomBell.rung(ROOM_WAIT_MS)
    } while (!this.#publish(frame))
    this.#counters.add('ringWaitMs', performance.now() - startMs)
  }
}
