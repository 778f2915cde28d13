import assert from 'node:assert'
import {
  KIND_METADATA,
  KIND_SEGMENT,
  SEGMENT_HEADER_BYTES,
  SEGMENT_RAW_BYTES_AT,
  SEGMENT_SAMPLES_AT,
} from '../../shared/frame.ts'
import type { WriterOptions } from '../../shared/protocol.ts'
import { Block } from './block.ts'
import { type BufferPool, classBytes } from './buffer-pool.ts'

/** Room in front of the elements for the varint of the raw length, which is known last. */
const PREAMBLE_BYTES_MAX = 5
const FIRST_BUFFER_BYTES = 4096

/** Where the frames of a batch come from, and which destinations they are for. */
export type BatchOrigin = { readonly shard: number; readonly destinations: number }

/**
 * Makes blocks of the segments of one shard for one set of destinations, by concatenation: snappy elements refer only to
 * what their own segment has written, so the bodies of many segments behind one length are a valid snappy block of the
 * concatenated protobuf.
 *
 *   buffer │ … varint of rawBytes │ elements of segment 1 │ elements of segment 2 │ …
 *          0                      5
 *
 * Blocks leave in the order of the frames. Bytes are copied once, from the ring to the block.
 */
export class Batch {
  readonly #origin: BatchOrigin
  readonly #pool: BufferPool
  readonly #limits: Pick<WriterOptions, 'blockRawBytesMax' | 'blockSamplesMax'>
  readonly #onBlock: (block: Block) => void
  #buffer: Uint8Array | undefined // undefined while the batch is empty
  #end = PREAMBLE_BYTES_MAX
  #rawBytes = 0
  #samples = 0
  /** What a block is likely to take; follows greater ones at once and smaller ones slowly. */
  #expectedBytes = FIRST_BUFFER_BYTES

  /** @param onBlock becomes the holder of the block; must not throw */
  constructor(
    origin: BatchOrigin,
    pool: BufferPool,
    limits: Pick<WriterOptions, 'blockRawBytesMax' | 'blockSamplesMax'>,
    onBlock: (block: Block) => void,
  ) {
    this.#origin = origin
    this.#pool = pool
    this.#limits = limits
    this.#onBlock = onBlock
  }

  get isEmpty(): boolean {
    return this.#buffer === undefined
  }

  /**
   * Takes one frame of shared/frame.ts at `bytes[start]` to `bytes[end - 1]`. If a limit would be exceeded, the block so
   * far is closed first; a segment that exceeds a limit by itself becomes a block of its own.
   */
  append(bytes: Buffer, start: number, end: number, kind: number): void {
    if (kind !== KIND_SEGMENT && kind !== KIND_METADATA) assert.fail(`frame of unknown kind ${kind}`)
    if (end - start < SEGMENT_HEADER_BYTES) assert.fail(`frame of ${end - start} B is shorter than its header`)
    const rawBytes = readU32(bytes, start + SEGMENT_RAW_BYTES_AT)
    const samples = readU32(bytes, start + SEGMENT_SAMPLES_AT)
    if (
      this.#rawBytes + rawBytes > this.#limits.blockRawBytesMax ||
      this.#samples + samples > this.#limits.blockSamplesMax
    ) {
      this.close()
    }
    const from = start + SEGMENT_HEADER_BYTES
    const buffer = this.#room(end - from)
    bytes.copy(buffer, this.#end, from, end) // of shared memory faster than `set`, which goes word by word
    this.#end += end - from
    this.#rawBytes += rawBytes
    this.#samples += samples
  }

  /** Hands over what has come together, if anything. */
  close(): void {
    if (this.#buffer === undefined) return
    const preambleAt = PREAMBLE_BYTES_MAX - varintBytes(this.#rawBytes)
    writeVarint(this.#buffer, preambleAt, this.#rawBytes)
    const buffer = this.#fitted(this.#buffer)
    const { shard, destinations } = this.#origin
    const content = { rawBytes: this.#rawBytes, samples: this.#samples, shard, destinations }
    const block = new Block(this.#pool, buffer, buffer.subarray(preambleAt, this.#end), content)

    this.#expectedBytes = Math.max(this.#end, this.#expectedBytes - (this.#expectedBytes >> 3))
    this.#buffer = undefined
    this.#end = PREAMBLE_BYTES_MAX
    this.#rawBytes = 0
    this.#samples = 0
    this.#onBlock(block)
  }

  #room(bytes: number): Uint8Array {
    const needed = this.#end + bytes
    const buffer = this.#buffer ?? this.#pool.take(Math.max(this.#expectedBytes, needed))
    this.#buffer = needed <= buffer.length ? buffer : this.#moved(buffer, Math.max(needed, 2 * buffer.length))
    return this.#buffer
  }

  /** A small block in a big buffer moves, lest a queue of small blocks takes the memory of big ones. */
  #fitted(buffer: Uint8Array): Uint8Array {
    return buffer.length > 1.5 * classBytes(this.#end) ? this.#moved(buffer, this.#end) : buffer
  }

  #moved(buffer: Uint8Array, bytes: number): Uint8Array {
    const other = this.#pool.take(bytes)
    other.set(buffer.subarray(0, this.#end))
    this.#pool.give(buffer)
    return other
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes++
  return bytes
}

/** Little groups of 7 bits, the lowest first; the top bit says that another follows. `value` is a u32. */
function writeVarint(bytes: Uint8Array, at: number, value: number): void {
  for (; value > 0x7f; value >>>= 7) bytes[at++] = (value & 0x7f) | 0x80
  bytes[at] = value
}
