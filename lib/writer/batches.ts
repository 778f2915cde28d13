import type { WriterOptions } from '../../shared/protocol.ts'
import { Batch } from './batch.ts'
import type { Block } from './block.ts'
import type { BufferPool } from './buffer-pool.ts'

/**
 * The batches of one shard: one for each set of destinations that its frames are for. A shard's sets have no destination
 * in common and stay the same, so that all that a destination gets of a shard goes through one batch, in order.
 */
export class Batches {
  readonly #open: (destinations: number) => Batch
  readonly #batches = new Map<number, Batch>()

  /** @param onBlock becomes the holder of each block; must not throw */
  constructor(
    shard: number,
    pool: BufferPool,
    limits: Pick<WriterOptions, 'blockRawBytesMax' | 'blockSamplesMax'>,
    onBlock: (block: Block) => void,
  ) {
    this.#open = destinations => new Batch({ shard, destinations }, pool, limits, onBlock)
  }

  get isEmpty(): boolean {
    for (const batch of this.#batches.values()) if (!batch.isEmpty) return false
    return true
  }

  /** The batch of a set of destinations. */
  of(destinations: number): Batch {
    let batch = this.#batches.get(destinations)
    if (batch === undefined) {
      batch = this.#open(destinations)
      this.#batches.set(destinations, batch)
    }
    return batch
  }

  /** Hands over what has come together in each. */
  close(): void {
    for (const batch of this.#batches.values()) batch.close()
  }
}
