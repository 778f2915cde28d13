// The steady scrape: line i has the key of entry i, so its value goes to that entry's place in the stencil.

import {
  CHUNK_BYTES,
  CHUNK_ENTRIES_AT,
  CHUNK_STENCIL_BYTES_AT,
  CHUNK_TIME_AT,
  CHUNK_VALUE_AT,
  ENTRY_BYTES,
  FLAG_HONOR_TIMESTAMPS,
  KIND_DROPPED,
  KIND_INVALID,
  KIND_OWN_TIME,
  KIND_OWN_TIME_WIDE,
  KIND_SAMPLE,
  MISMATCH,
  NEED_INPUT,
  NO_TIME,
  RUN_DIRECTORY_AT,
  RUN_DONE,
  RUN_ENTRIES_AT,
  RUN_STENCIL_AT,
  STATE_AT,
  STATE_BODY_END,
  STATE_BODY_POS,
  STATE_FLAGS,
  STATE_INVALID,
  STATE_KEPT,
  STATE_RUN_CHUNK,
  STATE_RUN_CHUNKS,
  STATE_RUN_ENTRY,
  STATE_SCRAPED,
  STATE_SEED,
  STATE_TIME,
} from '../layout'
import { fitsTime6, storeTime10, storeTime6 } from './encode'
import { entryHash, entryWord, keyBytesOf, kindOf, stepOf, sumSteps } from './entry'
import { hashKey } from './hash'
import { lineTime, nextLine, nextSample, parseTail, valueBits } from './line'

const LF: u32 = 0x0a

/** Bits of the staleness marker (https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers). */
export const STALE_NAN: u64 = 0x7ff0000000000002

/** Where entries and stencil of the chunk at hand begin. */
let chunkEntries: usize = 0
let chunkStencil: usize = 0

/** Finds where the entries and the stencil of the run's chunk `chunk` begin. */
function locate(chunk: u32): void {
  chunkEntries = RUN_ENTRIES_AT
  chunkStencil = RUN_STENCIL_AT
  for (let directory: usize = RUN_DIRECTORY_AT; chunk > 0; chunk--, directory += CHUNK_BYTES) {
    chunkEntries += <usize>load<u32>(directory, CHUNK_ENTRIES_AT) * ENTRY_BYTES
    chunkStencil += load<u32>(directory, CHUNK_STENCIL_BYTES_AT)
  }
}

/**
 * Walks the window's lines and the run's entries together, from the places in the state on, and stores values.
 *
 * @returns NEED_INPUT when the window is at its end, RUN_DONE when every entry of the run had its line and there are
 *   more lines, MISMATCH when a line does not fit its entry; the state names chunk, entry and line
 */
export function verify(): i32 {
  const end: usize = load<u32>(STATE_AT, STATE_BODY_END)
  const chunks = load<u32>(STATE_AT, STATE_RUN_CHUNKS)
  let chunk = load<u32>(STATE_AT, STATE_RUN_CHUNK)
  let entryIndex = load<u32>(STATE_AT, STATE_RUN_ENTRY)
  locate(chunk)
  let status = RUN_DONE
  while (chunk < chunks) {
    const directory = RUN_DIRECTORY_AT + chunk * CHUNK_BYTES
    const entries = load<u32>(directory, CHUNK_ENTRIES_AT)
    const done = verifyChunk(end, entryIndex, entries, load<u32>(directory, CHUNK_VALUE_AT))
    if (done < entries) {
      entryIndex = done
      status = nextSample(load<u32>(STATE_AT, STATE_BODY_POS), end) >= end ? NEED_INPUT : MISMATCH
      break
    }
    const timeAt = load<u32>(directory, CHUNK_TIME_AT)
    if (timeAt != NO_TIME) storeTime6(chunkStencil + timeAt, load<i64>(STATE_AT, STATE_TIME))
    chunkEntries += <usize>entries * ENTRY_BYTES
    chunkStencil += load<u32>(directory, CHUNK_STENCIL_BYTES_AT)
    chunk++
    entryIndex = 0
  }
  if (status == RUN_DONE && nextSample(load<u32>(STATE_AT, STATE_BODY_POS), end) >= end) status = NEED_INPUT
  store<u32>(STATE_AT, chunk, STATE_RUN_CHUNK)
  store<u32>(STATE_AT, entryIndex, STATE_RUN_ENTRY)
  return status
}

/** Walks one chunk from entry `from` on. Returns the first entry that found no line: `entries` if all did. */
function verifyChunk(end: usize, from: u32, entries: u32, firstValueAt: u32): u32 {
  const seed = load<u64>(STATE_AT, STATE_SEED)
  const honorTimestamps = (load<u32>(STATE_AT, STATE_FLAGS) & FLAG_HONOR_TIMESTAMPS) != 0
  let p: usize = load<u32>(STATE_AT, STATE_BODY_POS)
  let entry = chunkEntries + <usize>from * ENTRY_BYTES
  let valueAt = chunkStencil + firstValueAt + sumSteps(chunkEntries, from)
  let index = from
  let dropped: u32 = 0
  let invalid: u32 = 0
  for (; index < entries; index++, entry += ENTRY_BYTES) {
    p = nextSample(p, end)
    const word = entryWord(entry)
    const keyBytes = keyBytesOf(word, p, end)
    if (p + keyBytes > end) break
    if (hashKey(p, keyBytes, seed) != entryHash(entry)) break
    const kind = kindOf(word)
    if (kind == KIND_INVALID) {
      if (load<u8>(p + keyBytes) != LF) break
      p += keyBytes + 1
      invalid++
      continue
    }
    if (!parseTail(p + keyBytes, end)) break
    const time = honorTimestamps ? lineTime : 0
    const at = valueAt + stepOf(word)
    if (kind == KIND_SAMPLE) {
      if (time != 0) break
      store<u64>(at, valueBits)
    } else if (kind == KIND_DROPPED) dropped++
    else if (kind <= <u32>KIND_OWN_TIME_WIDE && !storeOwnTime(at, time, kind)) break
    valueAt = at
    p = nextLine
  }
  store<u32>(STATE_AT, <u32>p, STATE_BODY_POS)
  const valid = index - from - invalid
  store<u32>(STATE_AT, load<u32>(STATE_AT, STATE_SCRAPED) + valid, STATE_SCRAPED)
  store<u32>(STATE_AT, load<u32>(STATE_AT, STATE_KEPT) + valid - dropped, STATE_KEPT)
  store<u32>(STATE_AT, load<u32>(STATE_AT, STATE_INVALID) + invalid, STATE_INVALID)
  return index
}

/** Stores value and timestamp of a series with timestamps of its own. False if the place is too narrow. */
function storeOwnTime(at: usize, time: i64, kind: u32): bool {
  if (time == 0) time = load<i64>(STATE_AT, STATE_TIME)
  if (kind == KIND_OWN_TIME) {
    if (!fitsTime6(time)) return false
    storeTime6(at + 9, time)
  } else storeTime10(at + 9, time)
  store<u64>(at, valueBits)
  return true
}

/** Marks every series of the run stale at the scrape's timestamp. Returns how many there are. */
export function staleRun(): u32 {
  const time = load<i64>(STATE_AT, STATE_TIME)
  const chunks = load<u32>(STATE_AT, STATE_RUN_CHUNKS)
  let entry: usize = RUN_ENTRIES_AT
  let stencil: usize = RUN_STENCIL_AT
  let count: u32 = 0
  for (let chunk: u32 = 0; chunk < chunks; chunk++) {
    const directory = RUN_DIRECTORY_AT + chunk * CHUNK_BYTES
    const entryEnd = entry + load<u32>(directory, CHUNK_ENTRIES_AT) * ENTRY_BYTES
    let at = stencil + load<u32>(directory, CHUNK_VALUE_AT)
    for (; entry < entryEnd; entry += ENTRY_BYTES) {
      const word = entryWord(entry)
      const kind = kindOf(word)
      if (kind > <u32>KIND_OWN_TIME_WIDE) continue
      at += stepOf(word)
      store<u64>(at, STALE_NAN)
      if (kind == KIND_OWN_TIME) storeTime6(at + 9, time)
      else if (kind == KIND_OWN_TIME_WIDE) storeTime10(at + 9, time)
      count++
    }
    const timeAt = load<u32>(directory, CHUNK_TIME_AT)
    if (timeAt != NO_TIME) storeTime6(stencil + timeAt, time)
    stencil += load<u32>(directory, CHUNK_STENCIL_BYTES_AT)
  }
  return count
}
