import { ENTRY_BYTES, KIND_OWN_TIME_WIDE } from '../../kernel/layout.ts'
import type { Kernel } from './kernel.ts'
import { openChunk } from './kernel-chunk.ts'
import type { ChunkSource, TargetBlock } from './target-block.ts'

/**
 * Marks entries as seen whose key has gone, but whose labels have not: exporters may write the labels of a series in
 * another order each time, and a stale marker would then meet the sample of the same moment.
 *
 * Only chunks that were made anew are searched, so that the cost is that of what changed.
 *
 * @param seen one byte an entry of `block`
 * @param sources the chunks that take the place of those of `block`
 */
export function seeRespelled(
  kernel: Kernel,
  block: TargetBlock,
  seen: Uint8Array,
  sources: readonly ChunkSource[],
): void {
  let labels: Set<bigint> | undefined
  const starts = block.chunkStarts()
  for (let chunk = 0; chunk < block.chunks; chunk++) {
    const first = (starts.entriesAt[chunk]! - block.entriesAt) / ENTRY_BYTES
    const entries = block.chunkEntries(chunk)
    if (!hasVanished(block, seen, first, entries)) continue
    labels ??= labelsOf(kernel, sources)
    if (labels.size === 0) return
    openChunk(kernel, block.chunk(chunk, starts))
    for (let entry = 0; entry < entries; entry++) {
      if (seen[first + entry] === 0 && labels.has(kernel.exports.labelsHash(entry))) seen[first + entry] = 1
    }
  }
}

/** For each entry of `block` a byte: 1 if `next` has a series with the labels that this one has in `block`. */
export function seenUnderLabels(kernel: Kernel, block: TargetBlock, next: TargetBlock): Uint8Array {
  const seen = new Uint8Array(block.entries)
  const starts = next.chunkStarts()
  const sources = Array.from({ length: next.chunks }, (_, chunk) => next.chunk(chunk, starts))
  seeRespelled(kernel, block, seen, sources)
  return seen
}

/** Whether a series of the entries from `first` on has no line in this scrape. */
export function hasVanished(block: TargetBlock, seen: Uint8Array, first: number, entries: number): boolean {
  for (let entry = first; entry < first + entries; entry++) {
    if (seen[entry] === 0 && block.entryKind(entry) <= KIND_OWN_TIME_WIDE) return true
  }
  return false
}

/** Hashes of the labels of all series in new chunks. */
function labelsOf(kernel: Kernel, sources: readonly ChunkSource[]): Set<bigint> {
  const labels = new Set<bigint>()
  for (const source of sources) {
    if (typeof source === 'number') continue
    const entries = openChunk(kernel, source)
    for (let entry = 0; entry < entries; entry++) labels.add(kernel.exports.labelsHash(entry))
  }
  labels.delete(0n)
  return labels
}
