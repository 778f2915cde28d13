import { crc32 } from 'node:zlib'
import { FOLD_TAIL_AT, FOLD_TEXT_BYTES_MIN } from '../../kernel/layout.ts'
import type { Kernel } from './kernel.ts'

/** CRC-32 of the bytes from `start` to `end`, going on from `crc`, that of the text before them (0 if there is none). */
export type Checksum = (bytes: Uint8Array, start: number, end: number, crc: number) => number

/** With Node's own routine, which takes a third of the time of inflating. */
export const plainChecksum: Checksum = (bytes, start, end, crc) => crc32(bytes.subarray(start, end), crc)

/**
 * Of text in kernel memory, which the kernel shortens first (kernel/assembly/fold.ts): several times as fast. Other memory
 * is left to Node.
 */
export function kernelChecksum(kernel: Kernel): Checksum {
  return (bytes, start, end, crc) => {
    if (bytes !== kernel.bytes || end - start < FOLD_TEXT_BYTES_MIN) return plainChecksum(bytes, start, end, crc)
    const tailBytes = kernel.exports.foldCrc(start, end - start, ~crc)
    return plainChecksum(bytes, FOLD_TAIL_AT, FOLD_TAIL_AT + tailBytes, 0xffffffff)
  }
}
