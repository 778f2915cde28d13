// One exposed line, as the target block has it:
//
//   keyHash: u48 │ keyBytes: 14 bits, kind: 3 bits, step: 15 bits │
//
// `step` is the way from the value of the sample before it in the chunk's stencil to its own; the first of a chunk has
// none. A key that is too long for its 14 bits is measured anew each time.

import {
  ENTRY_BYTES,
  ENTRY_KEY_AT,
  ENTRY_KIND_BITS,
  ENTRY_KIND_SHIFT,
  ENTRY_STEP_SHIFT,
  KEY_BYTES_LONG,
  KIND_INVALID,
} from '../layout'
import { HASH_MASK } from './hash'
import { parseKey, skipLine } from './line'

/** No key is so long: what comes of it lies behind every window. */
const NO_KEY: u32 = 0x7fffffff

/** The word with everything but the hash. */
// @ts-ignore: decorator
@inline
export function entryWord(entry: usize): u32 {
  return load<u32>(entry, ENTRY_KEY_AT)
}

// @ts-ignore: decorator
@inline
export function entryHash(entry: usize): u64 {
  return load<u64>(entry) & HASH_MASK
}

// @ts-ignore: decorator
@inline
export function kindOf(word: u32): u32 {
  return (word >> ENTRY_KIND_SHIFT) & ((1 << ENTRY_KIND_BITS) - 1)
}

// @ts-ignore: decorator
@inline
export function stepOf(word: u32): u32 {
  return word >> ENTRY_STEP_SHIFT
}

/** Bytes of the entry's key, which is expected at `p`. */
// @ts-ignore: decorator
@inline
export function keyBytesOf(word: u32, p: usize, end: usize): u32 {
  const bytes = word & KEY_BYTES_LONG
  return bytes != KEY_BYTES_LONG ? bytes : longKeyBytes(word, p, end)
}

function longKeyBytes(word: u32, p: usize, end: usize): u32 {
  if (kindOf(word) == KIND_INVALID) return <u32>(skipLine(p, end) - 1 - p)
  const keyEnd = parseKey(p, end)
  return keyEnd == 0 ? NO_KEY : <u32>(keyEnd - p)
}

/** Stores an entry without a step. */
export function storeEntry(entry: usize, hash: u64, keyBytes: u32, kind: u32): void {
  store<u64>(entry, hash)
  store<u32>(entry, min<u32>(keyBytes, KEY_BYTES_LONG) | (kind << ENTRY_KIND_SHIFT), ENTRY_KEY_AT)
}

// @ts-ignore: decorator
@inline
export function storeStep(entry: usize, step: u32): void {
  store<u32>(entry, entryWord(entry) | (step << ENTRY_STEP_SHIFT), ENTRY_KEY_AT)
}

/** Sum of the steps of the `count` entries from `entry` on. */
export function sumSteps(entry: usize, count: u32): u32 {
  let sum: u32 = 0
  for (let end = entry + <usize>count * ENTRY_BYTES; entry < end; entry += ENTRY_BYTES) sum += stepOf(entryWord(entry))
  return sum
}
