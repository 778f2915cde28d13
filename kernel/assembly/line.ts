// One line of the text exposition: where its key ends, and what stands behind it.
// The grammar is vmagent's: blanks are space and tab, one CR before the line feed is not part of the line, everything
// after the labels is `value [timestamp] [# anything]`. Every line in the window ends with a line feed.

import { LABEL_BYTES, LABELS_AT, LABELS_MAX } from '../layout'
import { numberBits, parseNumber, parseNumberPrefix } from './number'
import { parseShortNumber, shortBits } from './number-short'

const LF: u32 = 0x0a
const CR: u32 = 0x0d
const TAB: u32 = 0x09
const SPACE: u32 = 0x20
const HASH: u32 = 0x23
const QUOTE: u32 = 0x22
const BACKSLASH: u32 = 0x5c
const FEEDS = memory.data<u64>([0x0a0a0a0a0a0a0a0a, 0x0a0a0a0a0a0a0a0a], 16)

/** Results of `parseTail`: bits of the value; timestamp in ms, 0 if the line has none; first byte of the next line. */
export let valueBits: u64 = 0
export let lineTime: i64 = 0
export let nextLine: usize = 0

/** Results of `parseKey`: labels found (records at LABELS_AT), length of the metric name, whether the host must look. */
export let labelCount: u32 = 0
export let nameBytes: u32 = 0
export let needsHost: bool = false

// @ts-ignore: decorator
@inline
function isBlank(c: u32): bool {
  return c == SPACE || c == TAB
}

/** First byte of the line after the one that holds `p`. */
export function skipLine(p: usize, end: usize): usize {
  while (p < end) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(p), v128.load(FEEDS)))
    if (found) {
      p += ctz(found)
      return p < end ? p + 1 : end
    }
    p += 16
  }
  return end
}

/** First byte of the next line with a sample, from the start of a line on; `end` if there is none. */
// @ts-ignore: decorator
@inline
export function nextSample(p: usize, end: usize): usize {
  while (p < end) {
    const c = <u32>load<u8>(p)
    if (c > HASH) break
    if (c == HASH) p = skipLine(p, end)
    else if (c == LF || isBlank(c)) p++
    else if (c == CR && load<u8>(p, 1) == LF) p += 2
    else break
  }
  return p
}

/** Parses what follows a key. False if value or timestamp is not valid; `nextLine` is set in any case. */
// @ts-ignore: decorator
@inline
export function parseTail(p: usize, end: usize): bool {
  while (load<u8>(p) == SPACE) p++
  const text = v128.load(p)
  const bytes = <u32>ctz(<u32>i8x16.bitmask(i8x16.eq(text, v128.load(FEEDS))))
  if (bytes < 16 && parseShortNumber(p, text, bytes)) {
    valueBits = shortBits
    lineTime = 0
    nextLine = p + bytes + 1
    return true
  }
  return parseTailPrefix(p, end)
}

/** A tail that is a long number alone, or anything else. */
function parseTailPrefix(p: usize, end: usize): bool {
  const after = parseNumberPrefix(p, end)
  if (after != 0 && load<u8>(after) == LF) {
    valueBits = numberBits
    lineTime = 0
    nextLine = after + 1
    return true
  }
  return parseTailSlow(p, end)
}

/** Every form of tail but a plain decimal value alone. */
function parseTailSlow(p: usize, end: usize): bool {
  nextLine = skipLine(p, end)
  let stop = nextLine - 1
  if (stop > p && load<u8>(stop - 1) == CR) stop--
  while (p < stop && isBlank(load<u8>(p))) p++
  let comment = p
  while (comment < stop && load<u8>(comment) != HASH) comment++
  stop = comment

  let tokenEnd = p
  while (tokenEnd < stop && !isBlank(load<u8>(tokenEnd))) tokenEnd++
  if (tokenEnd == p || !parseNumber(p, tokenEnd)) return false
  valueBits = numberBits
  lineTime = 0

  p = tokenEnd
  while (p < stop && isBlank(load<u8>(p))) p++
  while (stop > p && isBlank(load<u8>(stop - 1))) stop--
  if (p == stop) return true
  if (!parseNumber(p, stop)) return false
  let time = reinterpret<f64>(numberBits)
  // Small numbers are seconds, as in OpenMetrics.
  if (time >= -2147483648.0 && time < 2147483648.0) time *= 1000
  lineTime = toMilliseconds(time)
  return true
}

/** Go's conversion on amd64: what does not fit is the smallest integer. */
function toMilliseconds(time: f64): i64 {
  if (!(time > -9223372036854775808.0 && time < 9223372036854775808.0)) return i64.MIN_VALUE
  return <i64>time
}

// Bytes that a label name or metric name may hold for the kernel to take it as it is.
// @ts-ignore: decorator
@inline
function isNameByte(c: u32): bool {
  return ((c | 0x20) - 0x61 < 26) || (c - 0x30 < 10) || c == 0x5f || c == 0x3a
}

/**
 * Finds the end of the key that begins at `p`: behind `}` if the line has labels, else behind the blank after the
 * name, so that a key is never the beginning of another. Leaves the labels as records at LABELS_AT if the key is
 * plain; sets `needsHost` for quoted names, escapes, and everything else that is rare.
 *
 * @returns the end, or 0 if the line is not valid
 */
export function parseKey(p: usize, end: usize): usize {
  labelCount = 0
  needsHost = false
  const start = p
  while (isNameByte(load<u8>(p))) p++
  nameBytes = <u32>(p - start)
  let c = <u32>load<u8>(p)
  if (c != 0x7b) {
    const brace = findBrace(p)
    if (brace == 0) {
      while (c != LF && !isBlank(c)) {
        needsHost = true
        c = <u32>load<u8>(++p)
      }
      if (c == LF || p == start) return 0
      return p + 1
    }
    let nameEnd = brace
    while (nameEnd > start && isBlank(load<u8>(nameEnd - 1))) nameEnd--
    if (nameEnd != p) needsHost = true
    p = brace
  }
  if (p == start) needsHost = true
  return parseLabels(p + 1, end)
}

/** The line's first `{` from `p` on; 0 if there is none before the comment, which a `#` behind any blank begins. */
function findBrace(p: usize): usize {
  let blanks = false
  while (true) {
    const c = <u32>load<u8>(p)
    if (c == 0x7b) return p
    if (c == LF || (c == HASH && blanks)) return 0
    blanks = blanks || isBlank(c)
    p++
  }
}

/** The equals sign before the line's next quoted string, from `p` on; 0 if there is none. */
function findEquals(p: usize): usize {
  for (let c: u32 = load<u8>(p); c != QUOTE; c = load<u8>(++p)) {
    if (c == LF) return 0
  }
  do p--
  while (isBlank(load<u8>(p)))
  return load<u8>(p) == 0x3d ? p : 0
}

function parseLabels(p: usize, end: usize): usize {
  let quotedName = nameBytes == 0 ? 1 : 0
  while (true) {
    while (isBlank(load<u8>(p))) p++
    let c = <u32>load<u8>(p)
    if (c == 0x7d) return p + 1
    const name = p
    let nameEnd: usize
    if (c == QUOTE) {
      needsHost = true
      p = skipQuoted(p)
      if (p == 0) return 0
      nameEnd = p
      while (isBlank(load<u8>(p))) p++
      c = <u32>load<u8>(p)
      if (c == 0x2c || c == 0x7d) {
        // A quoted string alone is the metric's name, once.
        if (quotedName-- == 0) return 0
        if (c == 0x7d) return p + 1
        p++
        continue
      }
      if (c != 0x3d) return 0
    } else {
      while (isNameByte(load<u8>(p))) p++
      nameEnd = p
      if (load<u8>(p) != 0x3d || load<u8>(p, 1) != QUOTE) {
        p = findEquals(p)
        if (p == 0) return 0
        let trimmed = p
        while (trimmed > name && isBlank(load<u8>(trimmed - 1))) trimmed--
        if (trimmed != nameEnd) needsHost = true
      }
    }
    p++
    while (isBlank(load<u8>(p))) p++
    if (load<u8>(p) != QUOTE) return 0
    const value = p + 1
    p = skipQuoted(p)
    if (p == 0) return 0
    addLabel(name, nameEnd, value, p - 1)
    while (isBlank(load<u8>(p))) p++
    c = <u32>load<u8>(p)
    if (c == 0x7d) return p + 1
    if (c != 0x2c) return 0
    p++
  }
}

function addLabel(name: usize, nameEnd: usize, value: usize, valueEnd: usize): void {
  // The host knows what an empty name, `__name__` and its like mean.
  if (nameEnd == name || labelCount == LABELS_MAX || load<u16>(name) == 0x5f5f) {
    needsHost = true
    return
  }
  const record = LABELS_AT + labelCount * LABEL_BYTES
  store<u32>(record, <u32>name)
  store<u32>(record, <u32>(nameEnd - name), 4)
  store<u32>(record, <u32>value, 8)
  store<u32>(record, <u32>(valueEnd - value), 12)
  labelCount++
}

/** First byte behind the string whose opening quote is at `p`; 0 if the line ends before it does. */
function skipQuoted(p: usize): usize {
  p++
  while (true) {
    const c = <u32>load<u8>(p)
    if (c == QUOTE) return p + 1
    if (c == LF) return 0
    if (c == BACKSLASH) {
      needsHost = true
      p++
      if (load<u8>(p) == LF) return 0
    } else if (c >= 0x80) needsHost = true
    p++
  }
}
