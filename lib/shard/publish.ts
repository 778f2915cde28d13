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

/** Puts segments into the shard's ring; waits while it is full, never drops. One call at a time. */
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

  /** Publishes the stencils of all chunks of a block, and that of its auto metrics. */
  async block(block: TargetBlock): Promise<void> {
    let bytesAt = block.stencilAt
    let bytesEnd = bytesAt
    let rawBytes = 0
    let samples = 0
    for (let chunk = 0; chunk < block.chunks; chunk++) {
      const more = block.chunkStencilBytes(chunk)
      if (bytesEnd > bytesAt && bytesEnd + more - bytesAt > SEGMENT_BYTES_MAX) {
        await this.segment(block.bytes, bytesAt, bytesEnd, rawBytes, samples)
        bytesAt = bytesEnd
        rawBytes = 0
        samples = 0
      }
      bytesEnd += more
      rawBytes += block.chunkRawBytes(chunk)
      samples += block.chunkSamples(chunk)
    }
    bytesEnd += block.autoStencilBytes
    await this.segment(block.bytes, bytesAt, bytesEnd, rawBytes + block.autoRawBytes, samples + block.autoValues)
  }

  /** Publishes only the auto metrics of a block. */
  async auto(block: TargetBlock): Promise<void> {
    const { autoAt, autoStencilBytes } = block
    await this.segment(block.bytes, autoAt, autoAt + autoStencilBytes, block.autoRawBytes, block.autoValues)
  }

  /** Publishes snappy elements from `start` to `end` that stand for `rawBytes` of protobuf with so many samples. */
  async segment(bytes: Uint8Array, start: number, end: number, rawBytes: number, samples: number): Promise<void> {
    if (end === start) return
    const at = await this.#claim(end - start, KIND_SEGMENT, rawBytes, samples)
    this.#ring.bytes.set(bytes.subarray(start, end), at)
    this.#commit()
    this.#counters.add('samplesPublished', samples)
  }

  /** Publishes whole protobuf fields that are not worth compressing; 64 KiB at most. */
  async metadata(raw: Uint8Array): Promise<void> {
    assert(raw.length > 0 && raw.length <= LITERAL_BYTES_MAX)
    const at = await this.#claim(LITERAL_TAG_BYTES + raw.length, KIND_METADATA, raw.length, 0)
    this.#view.setUint8(at, LITERAL_TAG)
    this.#view.setUint16(at + 1, raw.length - 1, true)
    this.#ring.bytes.set(raw, at + LITERAL_TAG_BYTES)
    this.#commit()
  }

  /** Bytes of the ring that the writer has not taken yet. */
  get usedBytes(): number {
    return this.#ring.usedBytes()
  }

  async #claim(bytes: number, kind: number, rawBytes: number, samples: number): Promise<number> {
    let at = this.#ring.claim(SEGMENT_HEADER_BYTES + bytes, kind)
    if (at === RING_FULL) at = await this.#waitForRoom(SEGMENT_HEADER_BYTES + bytes, kind)
    this.#view.setUint32(at + SEGMENT_RAW_BYTES_AT, rawBytes, true)
    this.#view.setUint32(at + SEGMENT_SAMPLES_AT, samples, true)
    this.#view.setUint32(at + SEGMENT_SERIES_AT, samples, true)
    return at + SEGMENT_HEADER_BYTES
  }

  async #waitForRoom(bytes: number, kind: number): Promise<number> {
    const startMs = performance.now()
    this.#counters.add('ringWaits', 1)
    for (;;) {
      // The writer rests between its rounds; a full ring ends that.
      this.#dataBell.ringUrgently()
      await this.#roomBell.rung(ROOM_WAIT_MS)
      const at = this.#ring.claim(bytes, kind)
      if (at === RING_FULL) continue
      this.#counters.add('ringWaitMs', performance.now() - startMs)
      return at
    }
  }

  #commit(): void {
    this.#ring.commit()
    this.#dataBell.ring()
  }
}
