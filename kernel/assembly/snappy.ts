// Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt), without the length
// preamble: a literal is `length-1 in the tag's upper six bits, or in 1..4 further bytes` and raw bytes; a copy is
// `offset, length` and looks back.

import {
  ENTRY_BYTES,
  KIND_OWN_TIME,
  KIND_OWN_TIME_WIDE,
  MATCH_TABLE_AT,
  MATCH_TABLE_BITS,
  MATCH_TABLE_BYTES,
  NEW_ENTRIES_AT,
  NEW_RAW_AT,
  NEW_SAMPLE_BYTES,
  NEW_VALUES_AT,
  NO_TIME,
  OUT_AT,
  STATE_AT,
  STATE_NEW_RAW,
  STATE_NEW_SAMPLES,
  STATE_NEW_TIME_AT,
  STATE_NEW_VALUE_AT,
} from '../layout'
import { entryWord, kindOf, storeStep } from './entry'

const VALUE_BYTES: usize = 8
/** Tag and varint of a timestamp that takes 6 bytes, as all from 1971 to 2109 do. */
const TIME_FIELD_BYTES: usize = 7
const TIME_FIELD_WIDE_BYTES: usize = 11

/** Where the next element goes. */
let out: usize = 0
/** Bytes from here on are not yet in the output. */
let pending: usize = 0

function emitLiteral(end: usize): void {
  const length = <u32>(end - pending)
  if (length == 0) return
  const n = length - 1
  if (n < 60) store<u8>(out++, n << 2)
  else if (n < 256) {
    store<u8>(out, 60 << 2)
    store<u8>(out, n, 1)
    out += 2
  } else if (n < 65536) {
    store<u8>(out, 61 << 2)
    store<u16>(out, n, 1)
    out += 3
  } else {
    store<u8>(out, 62 << 2)
    store<u8>(out, n, 1)
    store<u16>(out, n >> 8, 2)
    out += 4
  }
  memory.copy(out, pending, length)
  out += length
  pending = end
}

function emitCopy(offset: u32, length: u32): void {
  while (length > 64) {
    // A rest of 1 to 3 would waste an element's reach; 60 leaves at least 4.
    const part: u32 = length < 68 ? 60 : 64
    store<u8>(out, ((part - 1) << 2) | 2)
    store<u16>(out, offset, 1)
    out += 3
    length -= part
  }
  if (length >= 4 && length < 12 && offset < 2048) {
    store<u8>(out, ((offset >> 8) << 5) | ((length - 4) << 2) | 1)
    store<u8>(out, offset, 1)
    out += 2
  } else {
    store<u8>(out, ((length - 1) << 2) | 2)
    store<u16>(out, offset, 1)
    out += 3
  }
}

// @ts-ignore: decorator
@inline
function valueOf(sample: u32): usize {
  return <usize>NEW_RAW_AT + load<u32>(NEW_VALUES_AT + sample * NEW_SAMPLE_BYTES)
}

/** How many bytes are equal from `a` and `b` on, where `a` may go up to `aEnd` and `b` up to `bEnd`. */
function equalBytes(a: usize, aEnd: usize, b: usize, bEnd: usize): usize {
  const start = a
  const stop = a + min(aEnd - a, bEnd - b)
  while (a + 8 <= stop) {
    const difference = load<u64>(a) ^ load<u64>(b)
    if (difference) return a - start + <usize>(ctz(difference) >> 3)
    a += 8
    b += 8
  }
  while (a < stop && load<u8>(a) == load<u8>(b)) {
    a++
    b++
  }
  return a - start
}

/** Compresses the bytes before a value. A match may not reach into the value behind its source. */
function matchSpan(p: usize, end: usize, sample: u32): void {
  while (p + 4 <= end) {
    const word = load<u32>(p)
    const slot = MATCH_TABLE_AT + (((word * 0x1e35a7bd) >> (32 - MATCH_TABLE_BITS)) << 2)
    const seen = load<u32>(slot)
    // Position + 1 in 24 bits, so that 0 is empty; above it the sample (of 128 at most) whose value ends the span.
    store<u32>(slot, (sample << 24) | (<u32>(p - NEW_RAW_AT) + 1))
    if (seen) {
      const source: usize = <usize>NEW_RAW_AT + (seen & 0xffffff) - 1
      const limit = valueOf(seen >> 24)
      if (load<u32>(source) == word && source + 4 <= limit && p - source < 65536) {
        const length = equalBytes(p, end, source, limit)
        emitLiteral(p)
        emitCopy(<u32>(p - source), <u32>length)
        p += length
        pending = p
        continue
      }
    }
    p++
  }
}

/**
 * Compresses the new chunk's raw bytes into a stencil at OUT_AT and stores the places of its values in its entries and
 * that of its timestamp in the state. Values, and timestamps of their own, become literals that no copy reads. The
 * first plain timestamp is a literal and the source of all others: a copy of it goes on into the series behind, as far
 * as that is equal to the one before it.
 *
 * @returns bytes of the stencil
 */
export function compressChunk(): u32 {
  const samples = load<u32>(STATE_AT, STATE_NEW_SAMPLES)
  const rawEnd = <usize>NEW_RAW_AT + load<u32>(STATE_AT, STATE_NEW_RAW)
  memory.fill(MATCH_TABLE_AT, 0, MATCH_TABLE_BYTES)
  out = OUT_AT
  pending = NEW_RAW_AT
  let timeAt: u32 = NO_TIME
  let lastValueAt: u32 = 0
  let timeSource: usize = 0
  let timeSourceSample: u32 = 0
  for (let sample: u32 = 0; sample < samples; sample++) {
    const value = valueOf(sample)
    matchSpan(pending, value, sample)
    const entry = NEW_ENTRIES_AT + load<u32>(NEW_VALUES_AT + sample * NEW_SAMPLE_BYTES, 4) * ENTRY_BYTES
    const kind = kindOf(entryWord(entry))
    const timeField = value + VALUE_BYTES
    let literalEnd = timeField
    if (kind == KIND_OWN_TIME) literalEnd += TIME_FIELD_BYTES
    else if (kind == KIND_OWN_TIME_WIDE) literalEnd += TIME_FIELD_WIDE_BYTES
    else if (timeAt == NO_TIME) literalEnd += TIME_FIELD_BYTES
    emitLiteral(literalEnd)
    const valueAt = <u32>(out - OUT_AT) - <u32>(literalEnd - value)
    if (sample == 0) store<u32>(STATE_AT, valueAt, STATE_NEW_VALUE_AT)
    else storeStep(entry, valueAt - lastValueAt)
    lastValueAt = valueAt
    if (kind == KIND_OWN_TIME || kind == KIND_OWN_TIME_WIDE) continue
    if (timeAt == NO_TIME) timeAt = valueAt + <u32>VALUE_BYTES + 1
    else {
      const end = sample + 1 < samples ? valueOf(sample + 1) : rawEnd
      const length = equalBytes(timeField, end, timeSource, valueOf(timeSourceSample + 1))
      emitCopy(<u32>(timeField - timeSource), <u32>length)
      pending = timeField + length
    }
    timeSource = timeField
    timeSourceSample = sample
  }
  store<u32>(STATE_AT, timeAt, STATE_NEW_TIME_AT)
  return <u32>(out - OUT_AT)
}

/**
 * Decodes snappy elements that this kernel made (they are trusted) to `to`.
 *
 * @returns bytes written
 */
export function expand(from: usize, bytes: u32, to: usize): u32 {
  const end = from + bytes
  const start = to
  while (from < end) {
    const tag = <u32>load<u8>(from)
    if ((tag & 3) == 0) {
      let length = (tag >> 2) + 1
      from++
      if (length > 60) {
        const more = length - 60
        length = (load<u32>(from) & (0xffffffff >> ((4 - more) << 3))) + 1
        from += more
      }
      memory.copy(to, from, length)
      from += length
      to += length
      continue
    }
    let length: u32
    let offset: u32
    if ((tag & 3) == 1) {
      length = ((tag >> 2) & 7) + 4
      offset = ((tag >> 5) << 8) | <u32>load<u8>(from, 1)
      from += 2
    } else {
      length = (tag >> 2) + 1
      offset = <u32>load<u16>(from, 1)
      from += 3
    }
    copyBack(to, offset, length)
    to += length
  }
  return <u32>(to - start)
}

/** Copies within the output; where source and destination overlap, bytes repeat. May write up to 15 bytes too many. */
function copyBack(to: usize, offset: u32, length: u32): void {
  const stop = to + length
  if (offset >= 16) {
    for (; to < stop; to += 16) v128.store(to, v128.load(to - offset))
  } else {
    for (; to < stop; to++) store<u8>(to, load<u8>(to - offset))
  }
}
