import {
  CHUNK_RAW_BYTES_AT,
  CHUNK_SAMPLES_AT,
  ENTRY_BYTES,
  OLD_SEEN_AT,
  STATE_NEW_ENTRIES,
} from '../../kernel/layout.ts'
import { loadRun, storeRun } from './chunk-run.ts'
import type { Kernel } from './kernel.ts'
import { closeChunk, openChunk } from './kernel-chunk.ts'
import { hasVanished } from './respelled.ts'
import type { NewChunk, TargetBlock } from './target-block.ts'

/** Puts a stale marker into every place of a block's stencils, but for those of the auto metrics. */
export function markAllStale(kernel: Kernel, block: TargetBlock, timeMs: number): number {
  kernel.setTime(timeMs)
  const starts = block.chunkStarts()
  let markers = 0
  for (let first = 0; first < block.chunks; ) {
    const stencilAt = starts.stencilAt[first]!
    const end = first + loadRun(kernel, block, first, starts.entriesAt[first]!, stencilAt)
    markers += kernel.exports.staleRun()
    storeRun(kernel, block, first, end, stencilAt)
    first = end
  }
  return markers
}

/** Stencils with a stale marker for each series of `block` that `seen` (one byte an entry) does not have, one by one. */
export function* staleChunks(
  kernel: Kernel,
  block: TargetBlock,
  seen: Uint8Array,
  timeMs: number,
): Generator<{ stencil: Uint8Array; rawBytes: number; samples: number }> {
  kernel.setTime(timeMs)
  kernel.exports.clearChunk()
  const starts = block.chunkStarts()
  for (let chunk = 0; chunk < block.chunks; chunk++) {
    const first = (starts.entriesAt[chunk]! - block.entriesAt) / ENTRY_BYTES
    const entries = block.chunkEntries(chunk)
    if (!hasVanished(block, seen, first, entries)) continue
    openChunk(kernel, block.chunk(chunk, starts))
    kernel.bytes.set(seen.subarray(first, first + entries), OLD_SEEN_AT)
    for (let from = 0; from < entries; ) {
      from = kernel.exports.takeVanished(from)
      if (from < entries) yield segmentOf(closeChunk(kernel))
    }
  }
  if (kernel.get(STATE_NEW_ENTRIES) > 0) yield segmentOf(closeChunk(kernel))
}

function segmentOf(chunk: NewChunk): { stencil: Uint8Array; rawBytes: number; samples: number } {
  const directory = new Uint32Array(chunk.directory.buffer)
  return {
    stencil: chunk.stencil,
    rawBytes: directory[CHUNK_RAW_BYTES_AT >> 2]!,
    samples: directory[CHUNK_SAMPLES_AT >> 2]!,
  }
}
