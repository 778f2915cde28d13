import assert from 'node:assert'
import type { Block } from './block.ts'
import { Fifo } from './fifo.ts'

/** Blocks that went, and what was in them. */
export type Tally = { readonly blocks: number; readonly samples: number; readonly bytes: number }

/**
 * The undelivered blocks of one destination, in lanes: what is in one lane leaves in the order of its arrival, one block
 * at a time. A queue holds its blocks (`Block.retain`) from `append` until they are acknowledged or dropped.
 */
export interface BlockQueue {
  readonly blocks: number
  /** Sum of the bodies. */
  readonly bodyBytes: number
  /** Memory that the blocks take up. */
  readonly bytes: number
  /** False once `bytes` has reached the limit. `append` works even then; whether to wait or to drop is the caller's. */
  readonly hasRoom: boolean
  append(lane: number, block: Block): void
  /** The oldest block of the lane, which stays in the queue until `acknowledge`; the lane must not have one taken. */
  take(lane: number): Block | undefined
  /** The block taken from the lane is delivered, or refused for ever. */
  acknowledge(lane: number): void
  /** Lets go of the oldest block that is not taken. */
  dropOldest(): Tally | undefined
  /** Lets go of everything, taken blocks included. */
  close(): Tally
}

type Entry = { readonly block: Block; readonly sequence: number }
type Lane = { readonly entries: Fifo<Entry>; isTaken: boolean }

/** A queue that loses what it holds with the process. */
export class MemoryQueue implements BlockQueue {
  readonly #lanes: readonly Lane[]
  readonly #bytesMax: number
  #sequence = 0 // of appended blocks: tells which of two lanes holds the older one
  #blocks = 0
  #bodyBytes = 0
  #bytes = 0

  constructor(lanes: number, bytesMax: number) {
    assert(lanes > 0 && bytesMax > 0)
    this.#lanes = Array.from({ length: lanes }, () => ({ entries: new Fifo<Entry>(), isTaken: false }))
    this.#bytesMax = bytesMax
  }

  get blocks(): number {
    return this.#blocks
  }

  get bodyBytes(): number {
    return this.#bodyBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get hasRoom(): boolean {
    return this.#bytes < this.#bytesMax
  }

  append(lane: number, block: Block): void {
    this.#lanes[lane]!.entries.push({ block: block.retain(), sequence: this.#sequence++ })
    this.#blocks++
    this.#bodyBytes += block.body.length
    this.#bytes += block.memoryBytes
  }

  take(lane: number): Block | undefined {
    const { entries } = this.#lanes[lane]!
    assert(!this.#lanes[lane]!.isTaken, 'a lane sends one block at a time')
    this.#lanes[lane]!.isTaken = entries.length > 0
    return entries.at(0)?.block
  }

  acknowledge(lane: number): void {
    assert(this.#lanes[lane]!.isTaken, 'acknowledged without taking')
    this.#lanes[lane]!.isTaken = false
    this.#remove(this.#lanes[lane]!, 0)
  }

  dropOldest(): Tally | undefined {
    let oldest: Lane | undefined
    let oldestSequence = Number.POSITIVE_INFINITY
    for (const lane of this.#lanes) {
      const sequence = lane.entries.at(lane.isTaken ? 1 : 0)?.sequence
      if (sequence === undefined || sequence >= oldestSequence) continue
      oldest = lane
      oldestSequence = sequence
    }
    return oldest && this.#remove(oldest, oldest.isTaken ? 1 : 0)
  }

  close(): Tally {
    const tally = { blocks: this.#blocks, samples: 0, bytes: this.#bodyBytes }
    for (const lane of this.#lanes) {
      lane.isTaken = false
      while (lane.entries.length > 0) tally.samples += this.#remove(lane, 0).samples
    }
    return tally
  }

  #remove(lane: Lane, index: 0 | 1): Tally {
    const { block } = lane.entries.remove(index)!
    const tally = { blocks: 1, samples: block.samples, bytes: block.body.length }
    this.#blocks--
    this.#bodyBytes -= tally.bytes
    this.#bytes -= block.memoryBytes
    block.release()
    return tally
  }
}
