import assert from 'node:assert'
import {
  CHUNK_BYTES,
  CHUNK_ENTRIES_AT,
  CHUNK_RAW_BYTES_AT,
  CHUNK_SAMPLES_AT,
  CHUNK_STENCIL_BYTES_AT,
  ENTRY_BYTES,
  ENTRY_KEY_AT,
  ENTRY_KIND_BITS,
  ENTRY_KIND_SHIFT,
  NO_TIME,
} from '../../kernel/layout.ts'

/*
 *   0       4         8        12        16             20           24            28        32
 *   ├ magic ┼ version ┼ chunks ┼ entries ┼ stencilBytes ┼ autoValues ┼ autoStencil ┼ autoRaw ┤
 *   32: places of the auto metrics' values, u32 × AUTO_VALUES_MAX
 *   80: places of their timestamps, u32 × AUTO_VALUES_MAX; as a rule they share one, and the rest is NO_TIME
 *   128: directory, entries, stencils, and the stencil of the auto metrics: see kernel/layout.ts
 */
const MAGIC = 0x4b424e50 // "PNBK"
const VERSION = 1
const CHUNKS = 2
const ENTRIES = 3
const STENCIL_BYTES = 4
const AUTO_VALUES = 5
const AUTO_STENCIL_BYTES = 6
const AUTO_RAW_BYTES = 7
const AUTO_VALUES_AT = 8 // in words
const AUTO_VALUES_MAX = 12
const AUTO_TIMES_AT = AUTO_VALUES_AT + AUTO_VALUES_MAX
const DIRECTORY_AT = (AUTO_TIMES_AT + AUTO_VALUES_MAX) * 4
const WORD_BYTES = 4
const ENTRY_KIND_MASK = (1 << ENTRY_KIND_BITS) - 1

/** The compressed auto metrics of a target: `up`, `scrape_duration_seconds` and so on, in the order of their values. */
export type AutoChunk = {
  readonly stencil: Uint8Array
  readonly rawBytes: number
  readonly timesAt: readonly number[]
  readonly valuesAt: readonly number[]
}

/** A chunk that was built anew, as copies of what the kernel left: directory record, entries, stencil. */
export type NewChunk = { readonly directory: Uint8Array; readonly entries: Uint8Array; readonly stencil: Uint8Array }

/** For each chunk, and at the end for one more, where its entries and its stencil begin. */
export type ChunkStarts = { readonly entriesAt: Uint32Array; readonly stencilAt: Uint32Array }

/** A chunk of a new block: made anew, or the number of one that stays as it is. */
export type ChunkSource = NewChunk | number

/**
 * All that a shard keeps for a target's series, in one buffer that can be handed to another thread. Layout in
 * kernel/layout.ts. Values and timestamps in its stencils are those of the last scrape that reached them.
 */
export class TargetBlock {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly words: Uint32Array<ArrayBuffer>
  readonly #view: DataView

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer)
    this.words = new Uint32Array(buffer)
    this.#view = new DataView(buffer)
    assert(this.words[0] === MAGIC && this.words[1] === VERSION, 'not a target block of this version')
  }

  /** A block without series but those of the scrape itself. */
  static empty(auto: AutoChunk): TargetBlock {
    return TargetBlock.assemble(undefined, [], auto)
  }

  /** Puts chunks of an old block and new ones together, in order. */
  static assemble(old: TargetBlock | undefined, sources: readonly ChunkSource[], auto: AutoChunk): TargetBlock {
    assert(auto.timesAt.length <= auto.valuesAt.length && auto.valuesAt.length <= AUTO_VALUES_MAX)
    const starts = old?.chunkStarts()
    const parts = sources.map(source => (typeof source === 'number' ? old!.chunk(source, starts!) : source))
    let entryBytes = 0
    let stencilBytes = 0
    for (const part of parts) {
      entryBytes += part.entries.length
      stencilBytes += part.stencil.length
    }
    const directoryBytes = parts.length * CHUNK_BYTES
    const sizeBytes = DIRECTORY_AT + directoryBytes + entryBytes + stencilBytes + auto.stencil.length
    const buffer = new ArrayBuffer(sizeBytes + (-sizeBytes & (WORD_BYTES - 1)))
    const words = new Uint32Array(buffer)
    const header = [MAGIC, VERSION, parts.length, entryBytes / ENTRY_BYTES, stencilBytes]
    words.set([...header, auto.valuesAt.length, auto.stencil.length, auto.rawBytes])
    words.set(auto.valuesAt, AUTO_VALUES_AT)
    words.fill(NO_TIME, AUTO_TIMES_AT, AUTO_TIMES_AT + AUTO_VALUES_MAX)
    words.set(auto.timesAt, AUTO_TIMES_AT)

    const bytes = new Uint8Array(buffer)
    let directoryAt = DIRECTORY_AT
    let entryAt = directoryAt + directoryBytes
    let stencilAt = entryAt + entryBytes
    for (const part of parts) {
      bytes.set(part.directory, directoryAt)
      bytes.set(part.entries, entryAt)
      bytes.set(part.stencil, stencilAt)
      directoryAt += CHUNK_BYTES
      entryAt += part.entries.length
      stencilAt += part.stencil.length
    }
    bytes.set(auto.stencil, stencilAt)
    return new TargetBlock(buffer)
  }

  get sizeBytes(): number {
    return this.bytes.length
  }

  get chunks(): number {
    return this.words[CHUNKS]!
  }

  get entries(): number {
    return this.words[ENTRIES]!
  }

  get directoryAt(): number {
    return DIRECTORY_AT
  }

  get entriesAt(): number {
    return DIRECTORY_AT + this.chunks * CHUNK_BYTES
  }

  get stencilAt(): number {
    return this.entriesAt + this.entries * ENTRY_BYTES
  }

  /** Where the auto metrics' stencil begins, which is where those of the chunks end. */
  get autoAt(): number {
    return this.stencilAt + this.words[STENCIL_BYTES]!
  }

  get autoStencilBytes(): number {
    return this.words[AUTO_STENCIL_BYTES]!
  }

  get autoRawBytes(): number {
    return this.words[AUTO_RAW_BYTES]!
  }

  get autoValues(): number {
    return this.words[AUTO_VALUES]!
  }

  /** Place in `bytes` of the `index`-th timestamp of the auto metrics, a 6-byte varint; undefined behind the last. */
  autoTimeAt(index: number): number | undefined {
    const at = index < AUTO_VALUES_MAX ? this.words[AUTO_TIMES_AT + index]! : NO_TIME
    return at === NO_TIME ? undefined : this.autoAt + at
  }

  /** Place in `bytes` of the value of the `index`-th auto metric. */
  autoValueAt(index: number): number {
    return this.autoAt + this.words[AUTO_VALUES_AT + index]!
  }

  setAutoValue(index: number, value: number): void {
    this.#view.setFloat64(this.autoValueAt(index), value, true)
  }

  chunkEntries(chunk: number): number {
    return this.#directory(chunk, CHUNK_ENTRIES_AT)
  }

  chunkSamples(chunk: number): number {
    return this.#directory(chunk, CHUNK_SAMPLES_AT)
  }

  chunkStencilBytes(chunk: number): number {
    return this.#directory(chunk, CHUNK_STENCIL_BYTES_AT)
  }

  chunkRawBytes(chunk: number): number {
    return this.#directory(chunk, CHUNK_RAW_BYTES_AT)
  }

  /** One of `KIND_…` of kernel/layout.ts. */
  entryKind(entry: number): number {
    const at = this.entriesAt + entry * ENTRY_BYTES + ENTRY_KEY_AT
    return (this.#view.getUint32(at, true) >>> ENTRY_KIND_SHIFT) & ENTRY_KIND_MASK
  }

  /** The lower 32 bits of the hash of an entry's key. */
  entryHashLow(entry: number): number {
    return this.#view.getUint32(this.entriesAt + entry * ENTRY_BYTES, true)
  }

  /** The upper 16 bits of it. */
  entryHashHigh(entry: number): number {
    return this.#view.getUint16(this.entriesAt + entry * ENTRY_BYTES + 4, true)
  }

  /** Series with a place in the stencil, those of the scrape itself not counted. */
  countSamples(): number {
    let samples = 0
    for (let chunk = 0; chunk < this.chunks; chunk++) samples += this.chunkSamples(chunk)
    return samples
  }

  /** Lines of the exposition whose entry is of this kind. */
  countEntries(kind: number): number {
    let count = 0
    for (let entry = 0; entry < this.entries; entry++) if (this.entryKind(entry) === kind) count++
    return count
  }

  /** Where the entries and the stencil of each chunk begin in `bytes`. */
  chunkStarts(): ChunkStarts {
    const entriesAt = new Uint32Array(this.chunks + 1)
    const stencilAt = new Uint32Array(this.chunks + 1)
    entriesAt[0] = this.entriesAt
    stencilAt[0] = this.stencilAt
    for (let chunk = 0; chunk < this.chunks; chunk++) {
      entriesAt[chunk + 1] = entriesAt[chunk]! + this.chunkEntries(chunk) * ENTRY_BYTES
      stencilAt[chunk + 1] = stencilAt[chunk]! + this.chunkStencilBytes(chunk)
    }
    return { entriesAt, stencilAt }
  }

  /** Views of one chunk's parts. */
  chunk(chunk: number, starts: ChunkStarts): NewChunk {
    const directoryAt = DIRECTORY_AT + chunk * CHUNK_BYTES
    return {
      directory: this.bytes.subarray(directoryAt, directoryAt + CHUNK_BYTES),
      entries: this.bytes.subarray(starts.entriesAt[chunk], starts.entriesAt[chunk + 1]),
      stencil: this.bytes.subarray(starts.stencilAt[chunk], starts.stencilAt[chunk + 1]),
    }
  }

  /** The auto metrics' part, to go on in a new block. */
  auto(): AutoChunk {
    return {
      stencil: this.bytes.subarray(this.autoAt, this.autoAt + this.autoStencilBytes),
      rawBytes: this.autoRawBytes,
      timesAt: [...this.words.subarray(AUTO_TIMES_AT, DIRECTORY_AT / WORD_BYTES)].filter(at => at !== NO_TIME),
      valuesAt: [...this.words.subarray(AUTO_VALUES_AT, AUTO_VALUES_AT + this.autoValues)],
    }
  }

  /**
   * Gives the memory back at once, where the collector would wait until much of it has come together. Nothing of the
   * block may be used any more; views of it are empty.
   */
  free(): void {
    this.bytes.buffer.transfer(0)
  }

  #directory(chunk: number, field: number): number {
    return this.words[(DIRECTORY_AT + chunk * CHUNK_BYTES + field) / WORD_BYTES]!
  }
}
