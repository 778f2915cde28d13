// Protobuf of one series, as WriteRequest (https://prometheus.io/docs/specs/prw/remote_write_spec/) has it:
//
//   timeseries 0A n │ label 0A n │ name 0A n … │ value 12 n … │ … │ sample 12 n │ value 09 f64 │ timestamp 10 varint │
//
// and the chunk being built from such series.

import {
  APPENDED,
  APPEND_FULL,
  APPEND_HOST,
  CHUNK_RAW_BYTES_MAX,
  ENTRY_BYTES,
  KIND_OWN_TIME,
  KIND_OWN_TIME_WIDE,
  KIND_SAMPLE,
  LABELS_AT,
  LABELS_MAX,
  LABEL_BYTES,
  NEW_ENTRIES_AT,
  NEW_RAW_AT,
  NEW_SAMPLE_BYTES,
  NEW_VALUES_AT,
  STATE_AT,
  STATE_NEW_ENTRIES,
  STATE_NEW_RAW,
  STATE_NEW_SAMPLES,
  STATE_TARGET_LABELS,
  STATE_TIME,
  TARGET_LABELS_AT,
  TIME6_END,
  TIME6_FIRST,
} from '../layout'
import { storeEntry } from './entry'
import { labelCount, nameBytes } from './line'

/** Bytes of a sample message with a 6-byte and with a 10-byte timestamp. */
const SAMPLE_BYTES: u32 = 16
const SAMPLE_WIDE_BYTES: u32 = 20

// @ts-ignore: decorator
@inline
export function fitsTime6(time: i64): bool {
  return time >= TIME6_FIRST && time < TIME6_END
}

/** Stores a timestamp as a varint of exactly 6 bytes. */
// @ts-ignore: decorator
@inline
export function storeTime6(at: usize, time: i64): void {
  const t = <u64>time
  store<u32>(
    at,
    <u32>(
      ((t & 0x7f) | ((t << 1) & 0x7f00) | ((t << 2) & 0x7f0000) | ((t << 3) & 0x7f000000) | 0x80808080)
    ),
  )
  store<u16>(at, <u16>(((t >> 28) & 0x7f) | 0x80 | (((t >> 35) & 0x7f) << 8)), 4)
}

/** Stores any timestamp as a varint padded to 10 bytes. */
export function storeTime10(at: usize, time: i64): void {
  let t = <u64>time
  for (let i: usize = 0; i < 9; i++) {
    store<u8>(at + i, <u8>(t & 0x7f) | 0x80)
    t >>= 7
  }
  store<u8>(at + 9, <u8>t)
}

function varintBytes(n: u32): u32 {
  return n < 0x80 ? 1 : n < 0x4000 ? 2 : n < 0x200000 ? 3 : n < 0x10000000 ? 4 : 5
}

function storeVarint(at: usize, n: u32): usize {
  while (n >= 0x80) {
    store<u8>(at++, n | 0x80)
    n >>= 7
  }
  store<u8>(at, n)
  return at + 1
}

/** Kind of the entry of a sample with timestamp `time`, 0 meaning that of the scrape. */
// @ts-ignore: decorator
@inline
export function kindOfTime(time: i64): u32 {
  return time == 0 ? KIND_SAMPLE : fitsTime6(time) ? KIND_OWN_TIME : KIND_OWN_TIME_WIDE
}

/** Adds an entry to the new chunk. */
export function appendEntry(hash: u64, keyBytes: u32, kind: u32): void {
  const index = load<u32>(STATE_AT, STATE_NEW_ENTRIES)
  const entry = NEW_ENTRIES_AT + index * ENTRY_BYTES
  storeEntry(entry, hash, keyBytes, kind)
  store<u32>(STATE_AT, index + 1, STATE_NEW_ENTRIES)
}

/** Whether the new chunk takes another series of `rawBytes`. An empty chunk takes any. */
// @ts-ignore: decorator
@inline
function hasRoom(rawBytes: u32): bool {
  const used = load<u32>(STATE_AT, STATE_NEW_RAW)
  return used == 0 || used + rawBytes <= <u32>CHUNK_RAW_BYTES_MAX
}

/** Registers a sample of the last entry, whose raw bytes end at `rawEnd`. */
function appendSample(valueAt: usize, rawEnd: usize): void {
  const samples = load<u32>(STATE_AT, STATE_NEW_SAMPLES)
  const record = NEW_VALUES_AT + samples * NEW_SAMPLE_BYTES
  store<u32>(record, <u32>(valueAt - NEW_RAW_AT))
  store<u32>(record, load<u32>(STATE_AT, STATE_NEW_ENTRIES) - 1, 4)
  store<u32>(STATE_AT, samples + 1, STATE_NEW_SAMPLES)
  store<u32>(STATE_AT, <u32>(rawEnd - NEW_RAW_AT), STATE_NEW_RAW)
}

function storeTime(at: usize, time: i64, kind: u32): void {
  const shown = time == 0 ? load<i64>(STATE_AT, STATE_TIME) : time
  if (kind == KIND_OWN_TIME_WIDE) storeTime10(at, shown)
  else storeTime6(at, shown)
}

/** Writes the sample message at `at` and registers it. */
function storeSample(at: usize, value: u64, time: i64, kind: u32): void {
  const wide = kind == KIND_OWN_TIME_WIDE
  store<u8>(at, 0x12)
  store<u8>(at, wide ? SAMPLE_WIDE_BYTES : SAMPLE_BYTES, 1)
  store<u8>(at, 0x09, 2)
  store<u64>(at, value, 3)
  store<u8>(at, 0x10, 11)
  storeTime(at + 12, time, kind)
  appendSample(at + 3, at + (wide ? 22 : 18))
}

/** Bytes of a series with so many bytes of encoded labels, without its tag and length. */
// @ts-ignore: decorator
@inline
function seriesBytes(labelsBytes: u32, kind: u32): u32 {
  return labelsBytes + sampleFieldBytes(kind)
}

/** Bytes of the field that holds a series' sample: the last one of the series. */
// @ts-ignore: decorator
@inline
export function sampleFieldBytes(kind: u32): u32 {
  return 2 + (kind == KIND_OWN_TIME_WIDE ? SAMPLE_WIDE_BYTES : SAMPLE_BYTES)
}

/** Begins a series of `bytes` at the end of the new chunk. */
function storeSeriesHead(bytes: u32): usize {
  const at: usize = NEW_RAW_AT + load<u32>(STATE_AT, STATE_NEW_RAW)
  store<u8>(at, 0x0a)
  return storeVarint(at + 1, bytes)
}

/** Appends a series with `labelsBytes` of encoded labels at `labels`. */
export function appendSeries(
  hash: u64, keyBytes: u32, labels: usize, labelsBytes: u32, value: u64, time: i64, kind: u32,
): i32 {
  const bytes = seriesBytes(labelsBytes, kind)
  if (!hasRoom(fieldBytes(bytes))) return APPEND_FULL
  appendEntry(hash, keyBytes, kind)
  const at = storeSeriesHead(bytes)
  memory.copy(at, labels, labelsBytes)
  storeSample(at + labelsBytes, value, time, kind)
  return APPENDED
}

/**
 * Appends a copy of a series of the old chunk as it is, but for the timestamp if that is the scrape's.
 *
 * @param raw its protobuf, `rawBytes` long, with the width of timestamp that `kind` has
 */
export function appendCopy(hash: u64, keyBytes: u32, raw: usize, rawBytes: u32, kind: u32): i32 {
  if (!hasRoom(rawBytes)) return APPEND_FULL
  appendEntry(hash, keyBytes, kind)
  const at: usize = NEW_RAW_AT + load<u32>(STATE_AT, STATE_NEW_RAW)
  memory.copy(at, raw, rawBytes)
  const end = at + rawBytes
  const timeAt = end - (kind == KIND_OWN_TIME_WIDE ? 10 : 6)
  if (kind == KIND_SAMPLE) storeTime6(timeAt, load<i64>(STATE_AT, STATE_TIME))
  appendSample(timeAt - 9, end)
  return APPENDED
}

/** Overwrites value and timestamp of the last sample appended. */
export function patchLast(value: u64, time: i64, kind: u32): void {
  const record = NEW_VALUES_AT + (load<u32>(STATE_AT, STATE_NEW_SAMPLES) - 1) * NEW_SAMPLE_BYTES
  const valueAt: usize = NEW_RAW_AT + load<u32>(record)
  store<u64>(valueAt, value)
  storeTime(valueAt + 9, time, kind)
}

/** Name order of two label records: bytes, then length. */
function compareNames(a: usize, b: usize): i32 {
  const aBytes = load<u32>(a, 4)
  const bBytes = load<u32>(b, 4)
  const order = memory.compare(load<u32>(a), load<u32>(b), min(aBytes, bBytes))
  return order != 0 ? order : <i32>aBytes - <i32>bBytes
}

/** Inserts the record at `record` into those before it, which are sorted. False if its name is there already. */
function insertLabel(record: usize): bool {
  let at = record
  while (at > <usize>LABELS_AT) {
    const order = compareNames(at - LABEL_BYTES, record)
    if (order == 0) return false
    if (order < 0) break
    at -= LABEL_BYTES
  }
  if (at == record) return true
  const inserted = v128.load(record)
  memory.copy(at + LABEL_BYTES, at, record - at)
  v128.store(at, inserted)
  return true
}

/**
 * Encodes the labels that `parseKey` found, with the metric's name and the target's labels, sorted by name, as a new
 * series. `APPEND_HOST` if two names are equal: what that means is for the host to say.
 */
export function appendLabels(hash: u64, keyBytes: u32, name: usize, value: u64, time: i64, kind: u32): i32 {
  const targetLabels = load<u32>(STATE_AT, STATE_TARGET_LABELS)
  const count = labelCount + targetLabels
  if (count > <u32>LABELS_MAX) return APPEND_HOST
  // The first target label is `__name__`, whose value is this series' name.
  const nameRecord = LABELS_AT + labelCount * LABEL_BYTES
  memory.copy(nameRecord, TARGET_LABELS_AT, targetLabels * LABEL_BYTES)
  store<u32>(nameRecord, <u32>name, 8)
  store<u32>(nameRecord, nameBytes, 12)

  const labelsEnd: usize = LABELS_AT + count * LABEL_BYTES
  let labelsBytes: u32 = 0
  for (let record: usize = LABELS_AT; record < labelsEnd; record += LABEL_BYTES) {
    // A label without value is none, but may hide one of the target.
    if (load<u32>(record, 12) != 0) labelsBytes += fieldBytes(pairBytes(record))
    if (!insertLabel(record)) return APPEND_HOST
  }
  const bytes = seriesBytes(labelsBytes, kind)
  if (!hasRoom(fieldBytes(bytes))) return APPEND_FULL
  appendEntry(hash, keyBytes, kind)
  let at = storeSeriesHead(bytes)
  for (let record: usize = LABELS_AT; record < labelsEnd; record += LABEL_BYTES) {
    if (load<u32>(record, 12) == 0) continue
    store<u8>(at, 0x0a)
    at = storeVarint(at + 1, pairBytes(record))
    at = storeString(at, 0x0a, load<u32>(record), load<u32>(record, 4))
    at = storeString(at, 0x12, load<u32>(record, 8), load<u32>(record, 12))
  }
  storeSample(at, value, time, kind)
  return APPENDED
}

function fieldBytes(contentBytes: u32): u32 {
  return 1 + varintBytes(contentBytes) + contentBytes
}

function pairBytes(record: usize): u32 {
  return fieldBytes(load<u32>(record, 4)) + fieldBytes(load<u32>(record, 12))
}

function storeString(at: usize, tag: u8, text: usize, bytes: u32): usize {
  store<u8>(at, tag)
  at = storeVarint(at + 1, bytes)
  memory.copy(at, text, bytes)
  return at + bytes
}

/** Forgets the new chunk. */
export function clearChunk(): void {
  store<u32>(STATE_AT, 0, STATE_NEW_ENTRIES)
  store<u32>(STATE_AT, 0, STATE_NEW_SAMPLES)
  store<u32>(STATE_AT, 0, STATE_NEW_RAW)
}
