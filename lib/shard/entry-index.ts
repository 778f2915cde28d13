import { KIND_INVALID, KIND_OWN_TIME_WIDE, LOOKUP_NEW, LOOKUP_SEEN } from '../../kernel/layout.ts'
import type { TargetBlock } from './target-block.ts'

const EMPTY = -1
/** A table of up to so many slots is kept for the next target; a larger one is let go with its scrape. */
const KEPT_SLOTS_MAX = 16384

/**
 * Finds entries of one target block by key hash, and remembers which of them the scrape at hand has seen. Made for the
 * scrapes that differ from their stencil; open addressing over the block's own entries, built when first asked.
 */
export class EntryIndex {
  #block: TargetBlock | undefined
  #slots = new Int32Array(0)
  #slotCount = 0
  #hasRepeated = false
  #seen = new Uint8Array(0)

  /** Begins with a block of which nothing has been seen. */
  begin(block: TargetBlock): void {
    this.#block = block
    this.#slotCount = 0
    if (this.#seen.length < block.entries) this.#seen = new Uint8Array(block.entries)
    else this.#seen.fill(0, 0, block.entries)
  }

  /** Lets go of the block and of everything large. */
  end(): void {
    this.#block = undefined
    if (this.#slots.length > KEPT_SLOTS_MAX) this.#slots = new Int32Array(0)
    if (this.#seen.length > KEPT_SLOTS_MAX) this.#seen = new Uint8Array(0)
  }

  /** One byte an entry: 1 if a line of this scrape had its key. */
  get seen(): Uint8Array {
    return this.#seen
  }

  /** An entry with this hash that was not seen before, which it now is; else `LOOKUP_SEEN` or `LOOKUP_NEW`. */
  lookup(hashLow: number, hashHigh: number): number {
    const block = this.#block!
    if (block.entries === 0) return LOOKUP_NEW
    if (this.#slotCount === 0) this.#build(block)
    const entry = this.#slots[this.#find(block, hashLow >>> 0, hashHigh)]!
    if (entry === EMPTY) return LOOKUP_NEW
    if (this.#seen[entry] !== 0) return LOOKUP_SEEN
    this.#seen[entry] = 1
    return entry
  }

  /**
   * Begins with a block that was replaced as a whole: what `next` has a place for has been seen.
   *
   * @returns how many of these it did not have
   */
  compare(block: TargetBlock, next: TargetBlock): number {
    this.begin(block)
    let added = 0
    for (let entry = 0; entry < next.entries; entry++) {
      if (next.entryKind(entry) > KIND_OWN_TIME_WIDE) continue
      if (this.lookup(next.entryHashLow(entry), next.entryHashHigh(entry)) === LOOKUP_NEW) added++
    }
    this.seeRepeated()
    return added
  }

  /** Lines may repeat a key, which then has several entries: all of them count as seen if one was. */
  seeRepeated(): void {
    const block = this.#block!
    if (!this.#seen.subarray(0, block.entries).includes(0)) return
    if (this.#slotCount === 0) this.#build(block)
    if (!this.#hasRepeated) return
    for (let entry = 0; entry < block.entries; entry++) {
      if (this.#seen[entry] !== 0) this.#seen[this.#first(block, entry)] = 1
    }
    for (let entry = 0; entry < block.entries; entry++) this.#seen[entry]! |= this.#seen[this.#first(block, entry)]!
  }

  /** The first entry with the key of `entry`, which is the one that the table has. */
  #first(block: TargetBlock, entry: number): number {
    if (block.entryKind(entry) === KIND_INVALID) return entry
    const first = this.#slots[this.#find(block, block.entryHashLow(entry), block.entryHashHigh(entry))]!
    return first === EMPTY ? entry : first
  }

  /** The slot of the entry with this hash, or the one where it would be. */
  #find(block: TargetBlock, hashLow: number, hashHigh: number): number {
    const mask = this.#slotCount - 1
    for (let slot = hashLow & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]!
      if (entry === EMPTY) return slot
      if (block.entryHashLow(entry) === hashLow && block.entryHashHigh(entry) === hashHigh) return slot
    }
  }

  #build(block: TargetBlock): void {
    let slots = 64
    while (slots < block.entries * 2) slots *= 2
    if (this.#slots.length < slots) this.#slots = new Int32Array(slots)
    this.#slotCount = slots
    this.#slots.fill(EMPTY, 0, slots)
    this.#hasRepeated = false
    for (let entry = 0; entry < block.entries; entry++) {
      if (block.entryKind(entry) === KIND_INVALID) continue
      const slot = this.#find(block, block.entryHashLow(entry), block.entryHashHigh(entry))
      if (this.#slots[slot] === EMPTY) this.#slots[slot] = entry
      else this.#hasRepeated = true
    }
  }
}
