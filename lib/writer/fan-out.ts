import { hasDestination } from '../../shared/destination-set.ts'
import type { Block } from './block.ts'
import type { Destination } from './destination.ts'

/**
 * Every block goes to every destination that it is for, once; they share its memory.
 *
 * What happens when a queue is full (all queues are in memory):
 *  - While all queues are full, the only one included, nothing more is taken from the rings: shards wait, nothing is
 *    dropped.
 *  - While one has room, blocks are made for it, and a destination whose queue is full drops its oldest blocks for
 *    them, counted. So a destination that is down never delays another.
 * A queue may exceed its limit by what is under way and by what one turn of draining makes.
 */
export class FanOut {
  readonly #destinations: readonly Destination[]

  constructor(destinations: readonly Destination[]) {
    this.#destinations = destinations
  }

  /** True if blocks may be made. */
  get hasRoom(): boolean {
    return this.#destinations.some(destination => destination.hasRoom)
  }

  /**
   * Hands a block over to its destinations; the caller's hold on it ends.
   *
   * @param mayDrop false at the end, when nothing follows that would have to find room
   */
  offer(block: Block, mayDrop: boolean): void {
    const isOneReady = mayDrop && this.hasRoom
    for (const [index, destination] of this.#destinations.entries()) {
      if (!hasDestination(block.destinations, index)) continue
      if (isOneReady) destination.dropUntilRoom()
      destination.append(block)
    }
    block.release()
  }
}
