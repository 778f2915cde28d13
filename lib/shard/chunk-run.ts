import {
  CHUNK_BYTES,
  ENTRY_BYTES,
  RUN_CHUNKS_MAX,
  RUN_DIRECTORY_AT,
  RUN_ENTRIES_AT,
  RUN_STENCIL_AT,
  RUN_STENCIL_BYTES,
  STATE_RUN_CHUNK,
  STATE_RUN_CHUNKS,
  STATE_RUN_ENTRY,
} from '../../kernel/layout.ts'
import type { Kernel } from './kernel.ts'
import type { TargetBlock } from './target-block.ts'

/**
 * Copies as many whole chunks of a block as fit to the kernel, from `first` on.
 *
 * @param entriesAt where the entries of that chunk begin in the block, and `stencilAt` its stencil
 * @returns the number of chunks in the run
 */
export function loadRun(
  kernel: Kernel,
  block: TargetBlock,
  first: number,
  entriesAt: number,
  stencilAt: number,
): number {
  let chunks = 0
  let entryBytes = 0
  let stencilBytes = 0
  for (let chunk = first; chunk < block.chunks && chunks < RUN_CHUNKS_MAX; chunk++) {
    const more = block.chunkStencilBytes(chunk)
    if (stencilBytes + more > RUN_STENCIL_BYTES) break
    stencilBytes += more
    entryBytes += block.chunkEntries(chunk) * ENTRY_BYTES
    chunks++
  }
  const { bytes } = kernel
  const directoryAt = block.directoryAt + first * CHUNK_BYTES
  bytes.set(block.bytes.subarray(directoryAt, directoryAt + chunks * CHUNK_BYTES), RUN_DIRECTORY_AT)
  bytes.set(block.bytes.subarray(entriesAt, entriesAt + entryBytes), RUN_ENTRIES_AT)
  bytes.set(block.bytes.subarray(stencilAt, stencilAt + stencilBytes), RUN_STENCIL_AT)
  kernel.set(STATE_RUN_CHUNKS, chunks)
  kernel.set(STATE_RUN_CHUNK, 0)
  kernel.set(STATE_RUN_ENTRY, 0)
  return chunks
}

/** Copies the patched stencils of the run's first chunks, up to chunk `end` of the block, back to it. */
export function storeRun(kernel: Kernel, block: TargetBlock, first: number, end: number, stencilAt: number): void {
  let stencilBytes = 0
  for (let chunk = first; chunk < end; chunk++) stencilBytes += block.chunkStencilBytes(chunk)
  block.bytes.set(kernel.bytes.subarray(RUN_STENCIL_AT, RUN_STENCIL_AT + stencilBytes), stencilAt)
}
