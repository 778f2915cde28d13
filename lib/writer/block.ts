import assert from 'node:assert'
import type { BufferPool } from './buffer-pool.ts'

/**
 * One remote write request body: a whole snappy block. It is made once and shared by its destinations; each holder
 * retains it and releases it when done, and the last release gives its memory back.
 */
export class Block {
  /** Varint of `rawBytes`, then snappy elements. Not to be changed, nor read after the holder's release. */
  readonly body: Uint8Array
  /** Size of the protobuf that `body` decompresses to. */
  readonly rawBytes: number
  readonly samples: number
  /** Number of the shard that all its segments come from. */
  readonly shard: number
  /** Those that it is for, as a set of shared/destination-set.ts. */
  readonly destinations: number
  readonly #buffer: Uint8Array
  readonly #pool: BufferPool
  #holders = 1

  /** @param buffer taken from `pool`; holds `body` and belongs to the block from now on */
  constructor(
    pool: BufferPool,
    buffer: Uint8Array,
    body: Uint8Array,
    content: {
      readonly rawBytes: number
      readonly samples: number
      readonly shard: number
      readonly destinations: number
    },
  ) {
    this.#pool = pool
    this.#buffer = buffer
    this.body = body
    this.rawBytes = content.rawBytes
    this.samples = content.samples
    this.shard = content.shard
    this.destinations = content.destinations
  }

  /** What the block takes up; a little more than its body. */
  get memoryBytes(): number {
    return this.#buffer.length
  }

  retain(): this {
    assert(this.#holders > 0, 'block retained after its last release')
    this.#holders++
    return this
  }

  release(): void {
    assert(this.#holders > 0, 'block released more often than retained')
    this.#holders--
    if (this.#holders === 0) this.#pool.give(this.#buffer)
  }
}
