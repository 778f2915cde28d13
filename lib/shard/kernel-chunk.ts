import {
  CHUNK_BYTES,
  CHUNK_ENTRIES_AT,
  CHUNK_RAW_BYTES_AT,
  CHUNK_SAMPLES_AT,
  CHUNK_STENCIL_BYTES_AT,
  CHUNK_TIME_AT,
  CHUNK_VALUE_AT,
  ENTRY_BYTES,
  NEW_ENTRIES_AT,
  OUT_AT,
  RUN_ENTRIES_AT,
  RUN_STENCIL_AT,
  STATE_NEW_ENTRIES,
  STATE_NEW_RAW,
  STATE_NEW_SAMPLES,
  STATE_NEW_TIME_AT,
  STATE_NEW_VALUE_AT,
} from '../../kernel/layout.ts'
import type { Kernel } from './kernel.ts'
import type { NewChunk } from './target-block.ts'

/** A stencil, which is nobody's after the next call of the kernel. */
export type LentChunk = {
  readonly stencilBytes: number
  readonly rawBytes: number
  readonly samples: number
}

/** Compresses the chunk that was built in the kernel and clears it there; its stencil lies at `OUT_AT`. */
export function compressChunk(kernel: Kernel): LentChunk {
  const stencilBytes = kernel.exports.compressChunk()
  const chunk = { stencilBytes, rawBytes: kernel.get(STATE_NEW_RAW), samples: kernel.get(STATE_NEW_SAMPLES) }
  kernel.exports.clearChunk()
  return chunk
}

/** Compresses the chunk that was built in the kernel, clears it there and gives copies of its parts, in its staging. */
export function closeChunk(kernel: Kernel): NewChunk {
  const stencilBytes = kernel.exports.compressChunk()
  const entries = kernel.get(STATE_NEW_ENTRIES)
  const directory = new Uint32Array(CHUNK_BYTES / 4)
  directory[CHUNK_ENTRIES_AT >> 2] = entries
  directory[CHUNK_SAMPLES_AT >> 2] = kernel.get(STATE_NEW_SAMPLES)
  directory[CHUNK_STENCIL_BYTES_AT >> 2] = stencilBytes
  directory[CHUNK_RAW_BYTES_AT >> 2] = kernel.get(STATE_NEW_RAW)
  directory[CHUNK_TIME_AT >> 2] = kernel.get(STATE_NEW_TIME_AT)
  directory[CHUNK_VALUE_AT >> 2] = kernel.get(STATE_NEW_VALUE_AT)
  kernel.exports.clearChunk()
  return {
    directory: new Uint8Array(directory.buffer),
    entries: kernel.staging.copy(kernel.bytes, NEW_ENTRIES_AT, NEW_ENTRIES_AT + entries * ENTRY_BYTES),
    stencil: kernel.staging.copy(kernel.bytes, OUT_AT, OUT_AT + stencilBytes),
  }
}

/**
 * Expands a chunk in the kernel, in place of the run that was loaded there, so that its series can be read and copied.
 *
 * @returns the number of its entries
 */
export function openChunk(kernel: Kernel, { entries, stencil }: NewChunk): number {
  kernel.bytes.set(entries, RUN_ENTRIES_AT)
  kernel.bytes.set(stencil, RUN_STENCIL_AT)
  const count = entries.length / ENTRY_BYTES
  kernel.exports.enterChunk(RUN_ENTRIES_AT, count, RUN_STENCIL_AT, stencil.length, 0, 0)
  return count
}
