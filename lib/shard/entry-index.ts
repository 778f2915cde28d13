import { ENTRY_BYTES, KIND_INVALID, LOOKUP_NEW, LOOKUP_SEEN } from '../../kernel/layout.ts'
import type { TargetBlock } from './target-block.ts'

const EMPTY = -1
const ENTRY_WORDS = ENTRY_BYTES / 4
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
    const words = block.words
    const first = block.entriesAt >> 2
    const mask = this.#slotCount - 1
    let found: number = LOOKUP_NEW
    for (let slot = hashLow & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]!
      if (entry === EMPTY) return found
      const at = first + entry * ENTRY_WORDS
      if (words[at] !== hashLow >>> 0 || words[at + 1] !== hashHigh >>> 0) continue
      if (this.#seen[entry] === 0) {
        this.#seen[entry] = 1
        return entry
      }
      found = LOOKUP_SEEN
    }
  }

  /** A key may have several entries: all of them count as seen if one was. */
  seeRepeated(): void {
    const block = this.#block!
    const words = block.words
    for (let entry = 0; entry < block.entries; entry++) {
      if (this.#seen[entry] !== 0) continue
      const at = (block.entriesAt >> 2) + entry * ENTRY_WORDS
      if (this.#hasSeen(words[at]!, words[at + 1]!)) this.#seen[entry] = 1
    }
  }

  #hasSeen(hashLow: number, hashHigh: number): boolean {
    const block = this.#block!
    if (this.#slotCount === 0) this.#build(block)
    const words = block.words
    const mask = this.#slotCount - 1
    for (let slot = hashLow & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot]!
      if (entry === EMPTY) return false
      const at = (block.entriesAt >> 2) + entry * ENTRY_WORDS
      if (words[at] === hashLow && words[at + 1] === hashHigh && this.#seen[entry] !== 0) return true
    }
  }

  #build(block: TargetBlock): void {
    let slots = 64
    while (slots < block.entries * 2) slots *= 2
    if (this.#slots.length < slots) this.#slots = new Int32Array(slots)
    this.#slotCount = slots
    this.#slots.fill(EMPTY, 0, slots)
    const words = block.words
    const first = block.entriesAt >> 2
    for (let entry = 0; entry < block.entries; entry++) {
      const at = first + entry * ENTRY_WORDS
      if (words[at + 2]! >>> 24 === KIND_INVALID) continue
      let slot = words[at]! & (slots - 1)
      while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & (slots - 1)
      this.#slots[slot] = entry
    }
  }
}
