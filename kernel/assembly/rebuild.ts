// A scrape that differs from its stencil: lines become the entries of new chunks. A line whose series the old chunk has
// takes its bytes from there; others are encoded, or labelled by the host where rules or rare syntax ask for it.

import {
  APPENDED,
  APPEND_FULL,
  APPEND_HOST,
  CHUNK_ENTRIES_MAX,
  CHUNK_FULL,
  FLAG_ALWAYS_LEARN,
  FLAG_HONOR_TIMESTAMPS,
  FLAG_WIDE_TIME,
  KIND_DROPPED,
  KIND_INVALID,
  KIND_OWN_TIME,
  KIND_OWN_TIME_WIDE,
  KIND_SAMPLE,
  LABELS_AT,
  LABEL_BYTES,
  LEARN_AT,
  LEARN_DROPPED,
  LEARN_INVALID,
  LINE_BYTES_MAX,
  LOOKUP_NEW,
  NEED_INPUT,
  OLD_CHUNK_DONE,
  OLD_CHUNK_JUMP,
  OLD_SEEN_AT,
  STATE_ADDED,
  STATE_AT,
  STATE_BODY_END,
  STATE_BODY_POS,
  STATE_ENCODED,
  STATE_FLAGS,
  STATE_INVALID,
  STATE_KEPT,
  STATE_LAST_HIT,
  STATE_LEARNED,
  STATE_NEW_ENTRIES,
  STATE_OLD_CURSOR,
  STATE_OLD_ENTRIES,
  STATE_OLD_FIRST,
  STATE_SCRAPED,
  STATE_SEED,
  STATE_TIME,
} from '../layout'
import {
  appendEntry,
  appendLabels,
  appendSeries,
  fitsTime6,
  kindOfTime,
  patchLast,
} from './encode'
import { entryHash, entryWord, keyBytesOf, kindOf } from './entry'
import { hashKey } from './hash'
import {
  labelCount,
  lineTime,
  nameBytes,
  needsHost,
  nextLine,
  nextSample,
  parseKey,
  parseTail,
  skipLine,
  valueBits,
} from './line'
import { copyOld, oldEntry } from './old-chunk'

/** Number of the target's entry with this hash, which is seen from now on; LOOKUP_NEW or LOOKUP_SEEN. */
@external('env', 'lookup')
declare function lookup(hashLow: u32, hashHigh: u32): i32

/** Leaves the encoded labels of the series with the key from `start` to `end` at LEARN_AT; bytes, or LEARN_…. */
@external('env', 'learn')
declare function learn(start: usize, end: usize): i32

/** Vanished series are mostly few in a row: that many entries are looked at before the index is asked. */
const AHEAD_ENTRIES: u32 = 8

/** `takeLine` is done with the line. */
const TAKEN: i32 = -1
/** Likewise; the line is not valid, so that nobody has looked for its end. */
const INVALID_TAKEN: i32 = -2
const NO_HIT: u32 = 0xffffffff

// @ts-ignore: decorator
@inline
function count(field: usize): void {
  store<u32>(<usize>STATE_AT + field, load<u32>(<usize>STATE_AT + field) + 1)
}

/**
 * Reads lines into the new chunk until the window ends (NEED_INPUT), the chunk is full (CHUNK_FULL: compress it, clear
 * it, call again), the old chunk's entries are used up (OLD_CHUNK_DONE: enter another or none), or lines follow the
 * order of another chunk (OLD_CHUNK_JUMP: enter that of STATE_LAST_HIT, behind that entry).
 */
export function rebuild(): i32 {
  const end: usize = load<u32>(STATE_AT, STATE_BODY_END)
  let p: usize = load<u32>(STATE_AT, STATE_BODY_POS)
  while (true) {
    p = nextSample(p, end)
    store<u32>(STATE_AT, <u32>p, STATE_BODY_POS)
    const entries = load<u32>(STATE_AT, STATE_OLD_ENTRIES)
    if (entries != 0 && load<u32>(STATE_AT, STATE_OLD_CURSOR) >= entries) return OLD_CHUNK_DONE
    if (p >= end) return NEED_INPUT
    if (load<u32>(STATE_AT, STATE_NEW_ENTRIES) == CHUNK_ENTRIES_MAX) return CHUNK_FULL
    const status = takeLine(p, end)
    if (status == CHUNK_FULL || status == OLD_CHUNK_DONE) return status
    p = status == INVALID_TAKEN ? skipLine(p, end) : nextLine
    if (status == OLD_CHUNK_JUMP) {
      store<u32>(STATE_AT, <u32>p, STATE_BODY_POS)
      return status
    }
  }
}

function takeLine(p: usize, end: usize): i32 {
  const seed = load<u64>(STATE_AT, STATE_SEED)
  const cursor = load<u32>(STATE_AT, STATE_OLD_CURSOR)
  let keyBytes: u32 = 0
  let hash: u64 = 0
  let hit = NO_HIT
  if (cursor < load<u32>(STATE_AT, STATE_OLD_ENTRIES)) {
    const entry = oldEntry(cursor)
    keyBytes = keyBytesOf(entryWord(entry), p, end)
    if (p + keyBytes <= end) {
      hash = hashKey(p, keyBytes, seed)
      // A name without labels may be the beginning of one with a brace further on: then no value follows it.
      if (isSeriesOf(entry, hash) && parseTail(p + keyBytes, end)) hit = cursor
    }
  }
  if (hit == NO_HIT) {
    const keyEnd = parseKey(p, end)
    keyBytes = <u32>(keyEnd - p)
    if (keyEnd == 0 || keyBytes > <u32>LINE_BYTES_MAX || !parseTail(keyEnd, end)) return takeInvalid(p, end)
    hash = hashKey(p, keyBytes, seed)
    hit = findAhead(hash, cursor)
  }

  let global = LOOKUP_NEW
  const first = load<u32>(STATE_AT, STATE_OLD_FIRST)
  if (hit == NO_HIT) {
    global = lookup(<u32>hash, <u32>(hash >> 32))
    if (global >= 0 && <u32>global - first < load<u32>(STATE_AT, STATE_OLD_ENTRIES)) hit = <u32>global - first
  }
  if (hit != NO_HIT) return takeKnown(p, end, hash, keyBytes, hit)
  if (global >= 0 && isBehindOldChunk(<u32>global, cursor)) return OLD_CHUNK_DONE

  const status = takeNew(p, p + keyBytes, end, hash)
  if (status != TAKEN) return status
  if (global == LOOKUP_NEW) count(STATE_ADDED)
  else if (global >= 0) {
    const last = load<u32>(STATE_AT, STATE_LAST_HIT)
    store<u32>(STATE_AT, <u32>global, STATE_LAST_HIT)
    if (<u32>global == last + 1) return OLD_CHUNK_JUMP
  }
  return TAKEN
}

/** Whether entry `global` is next to the old chunk's end, before which only a few others are left: these have vanished. */
function isBehindOldChunk(global: u32, cursor: u32): bool {
  const entries = load<u32>(STATE_AT, STATE_OLD_ENTRIES)
  if (entries == 0 || entries - cursor > AHEAD_ENTRIES) return false
  return global - load<u32>(STATE_AT, STATE_OLD_FIRST) - entries < AHEAD_ENTRIES
}

/** Whether the entry is that of a series with this key. A line that is not valid can be equal to the key of another. */
// @ts-ignore: decorator
@inline
function isSeriesOf(entry: usize, hash: u64): bool {
  return entryHash(entry) == hash && kindOf(entryWord(entry)) != <u32>KIND_INVALID
}

/** The next few entries of the old chunk with this hash that no line has had. */
function findAhead(hash: u64, cursor: u32): u32 {
  const stop = min(cursor + AHEAD_ENTRIES, load<u32>(STATE_AT, STATE_OLD_ENTRIES))
  for (let index = cursor; index < stop; index++) {
    if (isSeriesOf(oldEntry(index), hash) && load<u8>(OLD_SEEN_AT + index) == 0) return index
  }
  return NO_HIT
}

/** A line whose series is the old chunk's entry `hit`. */
function takeKnown(p: usize, end: usize, hash: u64, keyBytes: u32, hit: u32): i32 {
  const kind = kindOf(entryWord(oldEntry(hit)))
  const time = honoredTime()
  const hasPlace = kind <= <u32>KIND_OWN_TIME_WIDE
  if (!hasPlace || kindTakes(kind, time)) {
    if (copyOld(hit) == APPEND_FULL) return CHUNK_FULL
    if (hasPlace) patchLast(valueBits, time, kind)
    if (kind != KIND_DROPPED) count(STATE_KEPT)
    count(STATE_SCRAPED)
  } else {
    // The series has got a timestamp of its own, or lost it: it is encoded anew.
    parseKey(p, end)
    const status = takeNew(p, p + keyBytes, end, hash)
    if (status != TAKEN) return status
  }
  store<u8>(OLD_SEEN_AT + hit, 1)
  if (hit >= load<u32>(STATE_AT, STATE_OLD_CURSOR)) store<u32>(STATE_AT, hit + 1, STATE_OLD_CURSOR)
  return TAKEN
}

// @ts-ignore: decorator
@inline
function honoredTime(): i64 {
  const flags = load<u32>(STATE_AT, STATE_FLAGS)
  const time = flags & FLAG_HONOR_TIMESTAMPS ? lineTime : 0
  return time == 0 && flags & FLAG_WIDE_TIME ? load<i64>(STATE_AT, STATE_TIME) : time
}

// @ts-ignore: decorator
@inline
function kindTakes(kind: u32, time: i64): bool {
  if (kind == KIND_SAMPLE) return time == 0
  if (kind == KIND_OWN_TIME) return time == 0 || fitsTime6(time)
  return kind == KIND_OWN_TIME_WIDE
}

/** A line whose labels the kernel or the host encodes. */
function takeNew(p: usize, keyEnd: usize, end: usize, hash: u64): i32 {
  const keyBytes = <u32>(keyEnd - p)
  const time = honoredTime()
  const kind = kindOfTime(time)
  let status = APPEND_HOST
  if (!needsHost && (load<u32>(STATE_AT, STATE_FLAGS) & FLAG_ALWAYS_LEARN) == 0 && !mayBeAutoMetric(p)) {
    status = appendLabels(hash, keyBytes, p, valueBits, time, kind)
    if (status == APPENDED) count(STATE_ENCODED)
  }
  if (status == APPEND_HOST) {
    const labelsBytes = learn(p, keyEnd)
    if (labelsBytes == LEARN_INVALID) return takeInvalid(p, end)
    if (labelsBytes < 0) {
      count(STATE_LEARNED)
      appendEntry(hash, keyBytes, -labelsBytes)
      if (labelsBytes != LEARN_DROPPED) count(STATE_KEPT)
      count(STATE_SCRAPED)
      return TAKEN
    }
    status = appendSeries(hash, keyBytes, LEARN_AT, <u32>labelsBytes, valueBits, time, kind)
    if (status == APPENDED) count(STATE_LEARNED)
  }
  if (status == APPEND_FULL) return CHUNK_FULL
  count(STATE_SCRAPED)
  count(STATE_KEPT)
  return TAKEN
}

/** Whether the line has no labels and a name like `up` or `scrape_…`, which the scrape's own series have. */
function mayBeAutoMetric(p: usize): bool {
  for (let record: usize = LABELS_AT; record < <usize>LABELS_AT + labelCount * LABEL_BYTES; record += LABEL_BYTES) {
    if (load<u32>(record, 12) != 0) return false
  }
  if (nameBytes == 2) return load<u16>(p) == 0x7075
  return nameBytes > 7 && load<u32>(p) == 0x61726373 && load<u16>(p, 4) == 0x6570 && load<u8>(p, 6) == 0x5f
}

/** A line that is not valid: its entry has the whole line as key, so that it is as cheap next time. */
function takeInvalid(p: usize, end: usize): i32 {
  const bytes = <u32>(skipLine(p, end) - 1 - p)
  const hash = hashKey(p, bytes, load<u64>(STATE_AT, STATE_SEED))
  appendEntry(hash, bytes, KIND_INVALID)
  count(STATE_INVALID)
  const cursor = load<u32>(STATE_AT, STATE_OLD_CURSOR)
  if (cursor < load<u32>(STATE_AT, STATE_OLD_ENTRIES)) {
    const entry = oldEntry(cursor)
    const isSame = entryHash(entry) == hash && kindOf(entryWord(entry)) == <u32>KIND_INVALID
    if (isSame) store<u32>(STATE_AT, cursor + 1, STATE_OLD_CURSOR)
  }
  return INVALID_TAKEN
}
