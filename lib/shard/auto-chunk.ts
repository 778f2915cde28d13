import {
  APPEND_FULL,
  CHUNK_RAW_BYTES_AT,
  CHUNK_TIME_AT,
  CHUNK_VALUE_AT,
  ENTRY_BYTES,
  ENTRY_KEY_AT,
  ENTRY_STEP_SHIFT,
  KIND_SAMPLE,
  LEARN_AT,
} from '../../kernel/layout.ts'
import type { Kernel } from './kernel.ts'
import { closeChunk } from './kernel-chunk.ts'
import { type AutoChunk, type NewChunk, TargetBlock } from './target-block.ts'

/** Labels of an auto metric are not longer, encoded: all of a target fit into one frame of the ring, however random. */
export const AUTO_LABELS_BYTES_MAX = 32768

/** Bits of the staleness marker, as two words. */
const STALE_NAN_HIGH = 0x7ff00000
const STALE_NAN_LOW = 2

/**
 * A block of auto metrics, and of nothing else, whose values and timestamps are to be stored.
 *
 * @param series encoded labels of each, `AUTO_LABELS_BYTES_MAX` at most
 */
export function autoBlock(kernel: Kernel, series: readonly Uint8Array[]): TargetBlock {
  const { exports, bytes } = kernel
  exports.clearChunk()
  kernel.setTime(Date.now())
  const chunks: NewChunk[] = []
  for (const labels of series) {
    bytes.set(labels, LEARN_AT)
    const append = () => exports.appendSeries(0n, 0, LEARN_AT, labels.length, 0n, 0n, KIND_SAMPLE)
    if (append() !== APPEND_FULL) continue
    // Rare: it takes labels of two KiB.
    chunks.push(closeChunk(kernel))
    append()
  }
  chunks.push(closeChunk(kernel))
  const block = TargetBlock.empty(joined(chunks))
  kernel.staging.clear()
  return block
}

/** The stencils of chunks one behind the other, with the places of all values, and of one timestamp a chunk. */
function joined(chunks: readonly NewChunk[]): AutoChunk {
  const timesAt: number[] = []
  const valuesAt: number[] = []
  let stencilAt = 0
  let rawBytes = 0
  for (const { directory, entries, stencil } of chunks) {
    const fields = new DataView(directory.buffer)
    const view = new DataView(entries.buffer, entries.byteOffset, entries.length)
    let valueAt = stencilAt + fields.getUint32(CHUNK_VALUE_AT, true)
    for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
      if (at > 0) valueAt += view.getUint32(at + ENTRY_KEY_AT, true) >>> ENTRY_STEP_SHIFT
      valuesAt.push(valueAt)
    }
    if (entries.length > 0) timesAt.push(stencilAt + fields.getUint32(CHUNK_TIME_AT, true))
    stencilAt += stencil.length
    rawBytes += fields.getUint32(CHUNK_RAW_BYTES_AT, true)
  }
  return { stencil: Buffer.concat(chunks.map(chunk => chunk.stencil)), rawBytes, timesAt, valuesAt }
}

/** Turns a block's auto metrics into stale markers. */
export function markAutoStale(block: TargetBlock, timeMs: number): void {
  const view = new DataView(block.bytes.buffer)
  for (let index = 0; index < block.autoValues; index++) {
    view.setUint32(block.autoValueAt(index), STALE_NAN_LOW, true)
    view.setUint32(block.autoValueAt(index) + 4, STALE_NAN_HIGH, true)
  }
  storeAutoTime(block, timeMs)
}

/** Stores the time of a block's auto metrics: as varints of 6 bytes, as all timestamps from 1971 to 2109 are. */
export function storeAutoTime(block: TargetBlock, timeMs: number): void {
  let at = block.autoTimeAt(0)
  for (let index = 1; at !== undefined; at = block.autoTimeAt(index++)) {
    let rest = timeMs
    for (let byte = 0; byte < 5; byte++) {
      block.bytes[at + byte] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    block.bytes[at + 5] = rest
  }
}
