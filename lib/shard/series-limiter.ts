import type { Label } from '../../shared/target.ts'
import { xxhash64 } from '../../shared/xxhash64.ts'
import { encodeLabels } from './learn/encode-series.ts'

const WINDOW_MS = 24 * 60 * 60 * 1000

/**
 * Lets a target have so many series within 24 hours, and no more: whoever comes first stays. Knows series by hashes of 53
 * bits, at most as many as the limit, and forgets all of them when the window is over. What a scrape brings counts once
 * the scrape is committed; one that is not leaves nothing behind.
 */
export class SeriesLimiter {
  readonly #limit: number
  #known = new HashSet()
  #windowStartMs = Number.NEGATIVE_INFINITY
  #scrapeMs = 0
  /** What the scrape at hand brings. */
  #added = new Set<number>()
  #isNewWindow = false

  /** @param limit 1 or more */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Series of this window. */
  get size(): number {
    return this.#known.size
  }

  /** Begins a scrape. True if a window begins with it: then all series of the target are to be asked for again. */
  begin(scrapeMs: number): boolean {
    this.#added = new Set()
    this.#scrapeMs = scrapeMs
    this.#isNewWindow = scrapeMs - this.#windowStartMs >= WINDOW_MS
    return this.#isNewWindow
  }

  /** Whether the series with these labels may be sent. */
  admits(labels: readonly Label[]): boolean {
    const hash = hashOf(labels)
    if (this.#added.has(hash)) return true
    if (!this.#isNewWindow && this.#known.has(hash)) return true
    if (this.#added.size + (this.#isNewWindow ? 0 : this.#known.size) >= this.#limit) return false
    this.#added.add(hash)
    return true
  }

  /** The scrape is taken. */
  commit(): void {
    if (this.#isNewWindow) {
      this.#known = new HashSet()
      this.#windowStartMs = this.#scrapeMs
      this.#isNewWindow = false
    }
    for (const hash of this.#added) this.#known.add(hash)
    this.#added = new Set()
  }
}

const HASH_HIGH_BITS = 0x1fffff

/** 53 bits, and not 0. */
function hashOf(labels: readonly Label[]): number {
  const { hi, lo } = xxhash64(encodeLabels(labels))
  return (hi & HASH_HIGH_BITS) * 2 ** 32 + lo || 1
}

const EMPTY = 0
const SLOTS_MIN = 16

/** A growing set of numbers above 0, in one array: a Set would take four times the memory, and that of the heap. */
class HashSet {
  #slots = new Float64Array(SLOTS_MIN)
  #size = 0

  get size(): number {
    return this.#size
  }

  has(hash: number): boolean {
    return this.#slots[this.#slotOf(hash)] === hash
  }

  /** @param hash not in the set */
  add(hash: number): void {
    if ((this.#size + 1) * 4 > this.#slots.length * 3) this.#grow()
    this.#slots[this.#slotOf(hash)] = hash
    this.#size++
  }

  /** Where the number is, or would be. */
  #slotOf(hash: number): number {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== EMPTY && this.#slots[slot] !== hash) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Float64Array(old.length * 2)
    for (const hash of old) if (hash !== EMPTY) this.#slots[this.#slotOf(hash)] = hash
  }
}
