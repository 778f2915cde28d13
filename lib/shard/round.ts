import {
  CHUNK_ENTRIES_MAX,
  CHUNK_FULL,
  CHUNK_RAW_BYTES_MAX,
  ENTRY_BYTES,
  MISMATCH,
  NEED_INPUT,
  OLD_CHUNK_DONE,
  OLD_CHUNK_JUMP,
  OLD_SEEN_AT,
  RUN_ENTRIES_AT,
  RUN_STENCIL_AT,
  STATE_BODY_END,
  STATE_BODY_POS,
  STATE_FLAGS,
  STATE_LAST_HIT,
  STATE_NEW_ENTRIES,
  STATE_NEW_RAW,
  STATE_OLD_CURSOR,
  STATE_OLD_ENTRIES,
  STATE_OLD_FIRST,
  STATE_RUN_CHUNK,
  STATE_RUN_ENTRY,
} from '../../kernel/layout.ts'
import { loadRun, storeRun } from './chunk-run.ts'
import { EntryIndex } from './entry-index.ts'
import type { Kernel } from './kernel.ts'
import { closeChunk } from './kernel-chunk.ts'
import { seeRespelled } from './respelled.ts'
import { clearCounts, type RoundCounts, readCounts } from './round-counts.ts'
import type { ChunkSource, ChunkStarts, TargetBlock } from './target-block.ts'

/** A new chunk with fewer lines takes in the next old chunk. */
const CHUNK_ENTRIES_MIN = CHUNK_ENTRIES_MAX / 4

/**
 * Takes the lines of one scrape through the kernel, against the target's block: in step with its entries as long as
 * they match, else into new chunks. Nothing of the old block changes but the values in its stencil, so a scrape can be
 * given up at any point. One round at a time; `finish` and `forget` end it.
 */
export class Round {
  readonly index = new EntryIndex()
  readonly #kernel: Kernel
  #block!: TargetBlock
  #starts: ChunkStarts | undefined
  #runFirst = 0
  #runChunks = 0
  #matching = true
  /** Chunks of the new block; undefined while the old ones match. */
  #sources: ChunkSource[] | undefined
  /** No chunk from this one on is among them: lines that come round again must not overwrite what was kept. */
  #keptChunks = 0
  #oldChunk = -1
  #chunksEncoded = 0

  readonly #onChange: () => void

  /** @param onChange called when a scrape turns out to differ from the block: the kernel then needs the labels */
  constructor(kernel: Kernel, onChange: () => void) {
    this.#kernel = kernel
    this.#onChange = onChange
  }

  /** @param flags `FLAG_…` of kernel/layout.ts */
  begin(block: TargetBlock, timeMs: number, flags: number): void {
    const kernel = this.#kernel
    kernel.setTime(timeMs)
    kernel.set(STATE_FLAGS, flags)
    clearCounts(kernel)
    kernel.set(STATE_OLD_ENTRIES, 0)
    kernel.set(STATE_OLD_CURSOR, 0)
    kernel.set(STATE_LAST_HIT, 0xfffffff0)
    kernel.exports.clearChunk()
    this.#block = block
    this.#starts = undefined
    this.#sources = undefined
    this.#oldChunk = -1
    this.#chunksEncoded = 0
    this.#matching = block.chunks > 0
    if (this.#matching) this.#loadRun(0)
    else this.#leaveMatching(0)
  }

  /** Reads the whole lines that lie in kernel memory from `start` to `end`. */
  lines(start: number, end: number): void {
    const kernel = this.#kernel
    kernel.set(STATE_BODY_POS, start)
    kernel.set(STATE_BODY_END, end)
    for (;;) {
      if (this.#matching) {
        if (this.#match()) return
        continue
      }
      const status = kernel.exports.rebuild()
      if (status === NEED_INPUT) return
      if (status === CHUNK_FULL) this.#closeChunk()
      else if (status === OLD_CHUNK_DONE) this.#nextOldChunk()
      else if (status === OLD_CHUNK_JUMP) this.#jump()
    }
  }

  /** After the last line: the chunks of the new block, or undefined if the old block fits as it is. */
  finish(): readonly ChunkSource[] | undefined {
    const kernel = this.#kernel
    if (this.#matching) {
      const chunk = this.#runFirst + kernel.get(STATE_RUN_CHUNK)
      this.#storeRun(kernel.get(STATE_RUN_CHUNK))
      if (this.#sources === undefined && chunk === this.#block.chunks) return undefined
      this.#leaveMatching(chunk)
      this.#enter(chunk, kernel.get(STATE_RUN_ENTRY))
    }
    this.#leaveOldChunk()
    if (kernel.get(STATE_NEW_ENTRIES) > 0) this.#closeChunk()
    const sources = this.#sources!
    const same = sources.length === this.#block.chunks && sources.every((source, chunk) => source === chunk)
    if (same) return undefined
    this.index.seeRepeated()
    seeRespelled(kernel, this.#block, this.index.seen, sources)
    return sources
  }

  /** Gives up, or lets go of what `finish` left: the index knows until then which entries were seen. */
  forget(): void {
    this.index.end()
    this.#kernel.staging.clear()
    this.#starts = undefined
    this.#sources = undefined
  }

  get counts(): RoundCounts {
    return readCounts(this.#kernel)
  }

  get chunksEncoded(): number {
    return this.#chunksEncoded
  }

  /** One step of matching. True when the window is at its end. */
  #match(): boolean {
    const kernel = this.#kernel
    const status = kernel.exports.verify()
    if (status === NEED_INPUT) return true
    const done = kernel.get(STATE_RUN_CHUNK)
    this.#storeRun(done)
    const next = this.#runFirst + done
    if (status === MISMATCH) {
      this.#leaveMatching(next)
      this.#enter(next, kernel.get(STATE_RUN_ENTRY))
    } else if (next < this.#block.chunks) this.#loadRun(next)
    else this.#leaveMatching(next)
    return false
  }

  #loadRun(first: number): void {
    const block = this.#block
    const starts = first === 0 ? undefined : this.#chunkStarts()
    const entriesAt = starts === undefined ? block.entriesAt : starts.entriesAt[first]!
    const stencilAt = starts === undefined ? block.stencilAt : starts.stencilAt[first]!
    this.#runFirst = first
    this.#runChunks = loadRun(this.#kernel, block, first, entriesAt, stencilAt)
  }

  /** The run's first `done` chunks have matched: they stay, with the values that the kernel has stored. */
  #storeRun(done: number): void {
    const first = this.#runFirst
    const stencilAt = first === 0 ? this.#block.stencilAt : this.#chunkStarts().stencilAt[first]!
    storeRun(this.#kernel, this.#block, first, first + done, stencilAt)
    if (this.#sources === undefined) return
    const from = this.#firstEntry(first)
    this.index.seen.fill(1, from, this.#firstEntry(first + done))
    for (let chunk = first; chunk < first + done; chunk++) this.#sources.push(chunk)
    this.#keptChunks = first + done
  }

  /** Goes over to rebuilding; the first `kept` chunks of the block have matched, if this is the first time. */
  #leaveMatching(kept: number): void {
    this.#matching = false
    if (this.#sources !== undefined) return
    this.#onChange()
    this.index.begin(this.#block)
    this.#keptChunks = kept
    this.#sources = []
    for (let chunk = 0; chunk < kept; chunk++) this.#sources.push(chunk)
    this.index.seen.fill(1, 0, this.#firstEntry(kept))
  }

  /** Makes `chunk` the old chunk that lines are compared with; the lines of its first `prefix` entries were read. */
  #enter(chunk: number, prefix: number): void {
    if (chunk >= this.#block.chunks) return
    const inRun = chunk >= this.#runFirst && chunk < this.#runFirst + this.#runChunks
    if (!inRun) this.#loadRun(chunk)
    let entriesAt = RUN_ENTRIES_AT
    let stencilAt = RUN_STENCIL_AT
    for (let before = this.#runFirst; before < chunk; before++) {
      entriesAt += this.#block.chunkEntries(before) * ENTRY_BYTES
      stencilAt += this.#block.chunkStencilBytes(before)
    }
    const entries = this.#block.chunkEntries(chunk)
    const stencilBytes = this.#block.chunkStencilBytes(chunk)
    const kernel = this.#kernel
    kernel.exports.enterChunk(entriesAt, entries, stencilAt, stencilBytes, this.#firstEntry(chunk), prefix)
    this.#oldChunk = chunk
    for (let from = 0; from < prefix; ) {
      from = kernel.exports.takePrefix(from)
      if (from < prefix) this.#closeChunk()
    }
  }

  /** Notes which entries of the old chunk were seen. */
  #leaveOldChunk(): void {
    if (this.#oldChunk < 0) return
    const first = this.#firstEntry(this.#oldChunk)
    const entries = this.#block.chunkEntries(this.#oldChunk)
    const { seen } = this.index
    for (let entry = 0; entry < entries; entry++) seen[first + entry]! |= this.#kernel.bytes[OLD_SEEN_AT + entry]!
    this.#oldChunk = -1
    this.#kernel.set(STATE_OLD_ENTRIES, 0)
    this.#kernel.set(STATE_OLD_CURSOR, 0)
  }

  /** The old chunk is used up: goes on with the next, in step with it if the new chunk can be closed here. */
  #nextOldChunk(): void {
    const next = this.#oldChunk + 1
    this.#leaveOldChunk()
    if (next >= this.#block.chunks) return
    const open = this.#kernel.get(STATE_NEW_ENTRIES)
    if (next < this.#keptChunks || (open > 0 && this.#joins(next))) {
      this.#enter(next, 0)
      return
    }
    if (open > 0) this.#closeChunk()
    this.#loadRun(next)
    this.#matching = true
  }

  /** Whether the new chunk is small and goes on with `chunk`, all of it: else one more series would move all others. */
  #joins(chunk: number): boolean {
    const entries = this.#kernel.get(STATE_NEW_ENTRIES)
    const rawBytes = this.#kernel.get(STATE_NEW_RAW) + this.#block.chunkRawBytes(chunk)
    if (entries >= CHUNK_ENTRIES_MIN || rawBytes > CHUNK_RAW_BYTES_MAX) return false
    return entries + this.#block.chunkEntries(chunk) <= CHUNK_ENTRIES_MAX
  }

  /** Lines follow the order of another chunk: goes on behind the entry that the last line was found at. */
  #jump(): void {
    this.#leaveOldChunk()
    const hit = this.#kernel.get(STATE_LAST_HIT)
    let low = 0
    let high = this.#block.chunks - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#firstEntry(middle) <= hit) low = middle
      else high = middle - 1
    }
    this.#enter(low, 0)
    this.#kernel.set(STATE_OLD_CURSOR, hit + 1 - this.#kernel.get(STATE_OLD_FIRST))
  }

  /** Compresses the new chunk and begins the next one. */
  #closeChunk(): void {
    this.#sources!.push(closeChunk(this.#kernel))
    this.#chunksEncoded++
  }

  #chunkStarts(): ChunkStarts {
    this.#starts ??= this.#block.chunkStarts()
    return this.#starts
  }

  #firstEntry(chunk: number): number {
    if (chunk === 0) return 0
    return (this.#chunkStarts().entriesAt[chunk]! - this.#block.entriesAt) / ENTRY_BYTES
  }
}
