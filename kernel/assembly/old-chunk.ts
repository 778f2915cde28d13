// The chunk of the target's block that lines are compared with, expanded so that its series can be read and copied.

import {
  APPENDED,
  APPEND_FULL,
  CHUNK_ENTRIES_MAX,
  ENTRY_BYTES,
  KEY_BYTES_LONG,
  KIND_OWN_TIME_WIDE,
  OLD_RAW_AT,
  OLD_SEEN_AT,
  OLD_SERIES_AT,
  STATE_AT,
  STATE_NEW_ENTRIES,
  STATE_OLD_CURSOR,
  STATE_OLD_ENTRIES,
  STATE_OLD_ENTRIES_AT,
  STATE_OLD_FIRST,
  STATE_SEED,
} from '../layout'
import { appendCopy, appendEntry, patchLast, sampleFieldBytes } from './encode'
import { entryHash, entryWord, kindOf } from './entry'
import { hashKey } from './hash'
import { expand } from './snappy'
import { STALE_NAN } from './verify'

// @ts-ignore: decorator
@inline
export function oldEntry(index: u32): usize {
  return <usize>load<u32>(STATE_AT, STATE_OLD_ENTRIES_AT) + index * ENTRY_BYTES
}

/**
 * Expands an old chunk to OLD_RAW_AT so that its series can be copied, and takes over its first `prefix` entries, whose
 * lines have been read, as they are.
 */
export function enterChunk(
  entriesAt: usize, entries: u32, stencil: usize, stencilBytes: u32, first: u32, prefix: u32,
): void {
  store<u32>(STATE_AT, <u32>entriesAt, STATE_OLD_ENTRIES_AT)
  store<u32>(STATE_AT, entries, STATE_OLD_ENTRIES)
  store<u32>(STATE_AT, first, STATE_OLD_FIRST)
  store<u32>(STATE_AT, prefix, STATE_OLD_CURSOR)
  memory.fill(OLD_SEEN_AT, 0, CHUNK_ENTRIES_MAX)
  expand(stencil, stencilBytes, OLD_RAW_AT)
  let raw: u32 = 0
  for (let index: u32 = 0; index < entries; index++) {
    store<u32>(OLD_SERIES_AT + index * 4, raw)
    if (kindOf(entryWord(oldEntry(index))) <= <u32>KIND_OWN_TIME_WIDE) raw += fieldLength(OLD_RAW_AT + raw)
  }
  store<u32>(OLD_SERIES_AT + entries * 4, raw)
}

/** Takes over entries of the old chunk from `from` to the cursor. Returns the first that found no room. */
export function takePrefix(from: u32): u32 {
  const prefix = load<u32>(STATE_AT, STATE_OLD_CURSOR)
  for (let index = from; index < prefix; index++) {
    if (load<u32>(STATE_AT, STATE_NEW_ENTRIES) == CHUNK_ENTRIES_MAX) return index
    if (copyOld(index) == APPEND_FULL) return index
    store<u8>(OLD_SEEN_AT + index, 1)
  }
  return prefix
}

/** Bytes of the protobuf field at `p`, tag and length included. */
function fieldLength(p: usize): u32 {
  let length: u32 = 0
  let shift: u32 = 0
  let at = p + 1
  while (true) {
    const b = <u32>load<u8>(at++)
    length |= (b & 0x7f) << shift
    if (b < 0x80) return <u32>(at - p) + length
    shift += 7
  }
}

/** Appends the old entry `index` with its series, if it has one, as it is. */
export function copyOld(index: u32): i32 {
  const entry = oldEntry(index)
  const word = entryWord(entry)
  const kind = kindOf(word)
  const keyBytes = word & KEY_BYTES_LONG
  if (kind > <u32>KIND_OWN_TIME_WIDE) {
    appendEntry(entryHash(entry), keyBytes, kind)
    return APPENDED
  }
  const from = load<u32>(OLD_SERIES_AT + index * 4)
  const bytes = load<u32>(OLD_SERIES_AT + index * 4, 4) - from
  return appendCopy(entryHash(entry), keyBytes, OLD_RAW_AT + from, bytes, kind)
}

/**
 * Appends a stale marker for each series of the old chunk, from entry `from` on, whose byte at OLD_SEEN_AT is 0.
 *
 * @returns the first entry that found no room, or the number of entries when done
 */
export function takeVanished(from: u32): u32 {
  const entries = load<u32>(STATE_AT, STATE_OLD_ENTRIES)
  for (let index = from; index < entries; index++) {
    const kind = kindOf(entryWord(oldEntry(index)))
    if (load<u8>(OLD_SEEN_AT + index) != 0 || kind > <u32>KIND_OWN_TIME_WIDE) continue
    if (load<u32>(STATE_AT, STATE_NEW_ENTRIES) == CHUNK_ENTRIES_MAX || copyOld(index) == APPEND_FULL) return index
    patchLast(STALE_NAN, 0, kind)
  }
  return entries
}

/** Hash of the labels that the series of the old entry `index` has; 0 if the entry has no series. */
export function labelsHash(index: u32): u64 {
  const kind = kindOf(entryWord(oldEntry(index)))
  if (kind > <u32>KIND_OWN_TIME_WIDE) return 0
  const end: usize = OLD_RAW_AT + load<u32>(OLD_SERIES_AT + index * 4, 4) - sampleFieldBytes(kind)
  let labels: usize = OLD_RAW_AT + load<u32>(OLD_SERIES_AT + index * 4) + 1
  while (load<u8>(labels++) >= 0x80) {}
  return hashKey(labels, <u32>(end - labels), load<u64>(STATE_AT, STATE_SEED))
}
