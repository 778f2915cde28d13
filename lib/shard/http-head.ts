import type { AnswerHead } from './exchange.ts'

const HT = 0x09
const LF = 0x0a
const CR = 0x0d
const SP = 0x20
const ZERO = 0x30
const COLON = 0x3a
const DEL = 0x7f

const VERSION = 'HTTP/1.'
const STATUS_AT = 'HTTP/1.1 '.length
const STATUS_LINE_BYTES_MIN = 'HTTP/1.1 200'.length

export const NOT_HTTP = 'the answer is not HTTP/1.0 or HTTP/1.1'
const NO_STATUS = 'the answer has no proper status'
/** Longer numbers are not exact. */
const LENGTH_DIGITS_MAX = 15

/** 1 for each byte that a header's name may have (RFC 9110, 5.6.2). */
const TOKEN = new Uint8Array(256)
for (const byte of Buffer.from("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
  TOKEN[byte] = 1

/** The place behind the empty line that ends a head, or -1. */
export function endOfHead(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    if (bytes[at] !== LF) continue
    const next = bytes[at + 1] === CR ? at + 2 : at + 1
    if (next < end && bytes[next] === LF) return next + 1
  }
  return -1
}

/** False as soon as what came of a head cannot become one of HTTP/1. */
export function mayBeHead(bytes: Uint8Array, start: number, end: number): boolean {
  const known = Math.min(VERSION.length, end - start)
  for (let index = 0; index < known; index++) {
    if (bytes[start + index] !== VERSION.charCodeAt(index)) return false
  }
  return true
}

/**
 * Reads heads of answers (RFC 9112), one after the other; what it found holds until the next one. Strict in what decides
 * where a body ends; lines may end in a bare LF and be folded, for old servers do so.
 */
export class HeadParser implements AnswerHead {
  status = 0
  contentType = ''
  contentEncoding = ''
  location: string | undefined
  contentLength: number | undefined
  chunked = false
  /** True if the server will take another request on the connection. */
  persistent = false
  /** How long the server keeps the connection without a request; undefined if it does not say. */
  idleMs: number | undefined
  #minorVersion = 0
  #saysClose = false
  #saysKeepAlive = false
  // Of earlier heads: most targets send the same, which then is one string for all.
  #knownType = ''
  #knownEncoding = ''

  /**
   * @param bytes from `start` to `end` one head, its empty line included
   * @returns what is wrong with it
   */
  parse(bytes: Buffer, start: number, end: number): string | undefined {
    this.contentType = ''
    this.contentEncoding = ''
    this.location = undefined
    this.contentLength = undefined
    this.chunked = false
    this.idleMs = undefined
    this.#saysClose = false
    this.#saysKeepAlive = false
    let lineEnd = bytes.indexOf(LF, start)
    let fault = this.#statusLine(bytes, start, lineEnd)
    for (let from = lineEnd + 1; fault === undefined; from = lineEnd + 1) {
      lineEnd = endOfLine(bytes, from)
      if (lineEnd + 1 === end) break
      fault = this.#header(bytes, from, bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd)
    }
    this.persistent = !this.#saysClose && (this.#minorVersion === 1 || this.#saysKeepAlive)
    if (this.chunked && (this.#minorVersion === 0 || this.contentLength !== undefined)) {
      // RFC 9112, 6.1: the chunks count, but whoever sends such a head is not to be trusted with another request.
      this.contentLength = undefined
      this.persistent = false
    }
    return fault
  }

  #statusLine(bytes: Buffer, start: number, lineEnd: number): string | undefined {
    if (!mayBeHead(bytes, start, lineEnd + 1)) return NOT_HTTP
    if (lineEnd - start < STATUS_LINE_BYTES_MIN) return NO_STATUS
    this.#minorVersion = bytes[start + VERSION.length]! - ZERO
    if (this.#minorVersion !== 0 && this.#minorVersion !== 1) return NOT_HTTP
    this.status = 0
    for (let at = start + STATUS_AT; at < start + STATUS_LINE_BYTES_MIN; at++) {
      const digit = bytes[at]! - ZERO
      if (digit < 0 || digit > 9) return NO_STATUS
      this.status = this.status * 10 + digit
    }
    const before = bytes[start + STATUS_AT - 1]
    const after = bytes[start + STATUS_LINE_BYTES_MIN]
    const isWellFormed = before === SP && (after === SP || after === CR || after === LF)
    return isWellFormed && this.status >= 100 ? undefined : NO_STATUS
  }

  /** One header; it may span lines. */
  #header(bytes: Buffer, start: number, end: number): string | undefined {
    let colon = start
    while (TOKEN[bytes[colon]!] === 1) colon++
    if (colon === start || bytes[colon] !== COLON) return 'a header of the answer has no proper name'
    let from = colon + 1
    let to = end
    while (from < to && isBlank(bytes[from]!)) from++
    while (to > from && isBlank(bytes[to - 1]!)) to--
    if (!isValue(bytes, from, to)) return 'a header of the answer has control characters'
    switch (colon - start) {
      case 8:
        if (isName(bytes, start, 'location')) this.location ??= textOf(bytes, from, to)
        return undefined
      case 10:
        if (isName(bytes, start, 'connection')) this.#connection(textOf(bytes, from, to).toLowerCase())
        else if (isName(bytes, start, 'keep-alive')) this.#keepAlive(textOf(bytes, from, to))
        return undefined
      case 12:
        if (isName(bytes, start, 'content-type') && this.contentType === '') this.#type(bytes, from, to)
        return undefined
      case 14:
        return isName(bytes, start, 'content-length') ? this.#length(bytes, from, to) : undefined
      case 16:
        if (isName(bytes, start, 'content-encoding')) this.#encoding(bytes, from, to)
        return undefined
      case 17:
        return isName(bytes, start, 'transfer-encoding') ? this.#transfer(textOf(bytes, from, to)) : undefined
      default:
        return undefined
    }
  }

  #connection(value: string): void {
    for (const option of value.split(',')) {
      if (option.trim() === 'close') this.#saysClose = true
      else if (option.trim() === 'keep-alive') this.#saysKeepAlive = true
    }
  }

  #keepAlive(value: string): void {
    const seconds = /\btimeout=(\d{1,6})\b/i.exec(value)?.[1]
    if (seconds !== undefined) this.idleMs = Number(seconds) * 1000
  }

  #type(bytes: Buffer, from: number, to: number): void {
    this.#knownType = knownOrNew(bytes, from, to, this.#knownType)
    this.contentType = this.#knownType
  }

  #encoding(bytes: Buffer, from: number, to: number): void {
    this.#knownEncoding = knownOrNew(bytes, from, to, this.#knownEncoding)
    this.contentEncoding =
      this.contentEncoding === '' ? this.#knownEncoding : `${this.contentEncoding}, ${this.#knownEncoding}`
  }

  #length(bytes: Buffer, from: number, to: number): string | undefined {
    let length = 0
    for (let at = from; at < to; at++) {
      const digit = bytes[at]! - ZERO
      if (digit < 0 || digit > 9) return 'the Content-Length of the answer is not a number'
      length = length * 10 + digit
    }
    if (from === to || to - from > LENGTH_DIGITS_MAX) return 'the Content-Length of the answer is not a number'
    if (this.contentLength !== undefined && this.contentLength !== length) return 'the answer has two Content-Lengths'
    this.contentLength = length
    return undefined
  }

  #transfer(value: string): string | undefined {
    if (this.chunked || value.toLowerCase() !== 'chunked') return `transfer encoding ${value} is not understood`
    this.chunked = true
    return undefined
  }
}

/** The LF that ends a header; further lines of it begin with a blank. */
function endOfLine(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    if (bytes[at] !== LF) continue
    // The empty line is not continued, whatever the body begins with.
    const isEmpty = at === from || (at === from + 1 && bytes[from] === CR)
    if (isEmpty || !isBlank(bytes[at + 1]!)) return at
  }
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HT
}

/** No control characters but tabs and those of folded lines. */
function isValue(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!
    if (byte >= SP ? byte !== DEL : byte === HT || byte === LF || (byte === CR && bytes[at + 1] === LF)) continue
    return false
  }
  return true
}

/** Compares with a name of lower-case letters and hyphens, of the same length. */
function isName(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    if ((bytes[start + index]! | 0x20) !== name.charCodeAt(index)) return false
  }
  return true
}

function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', from, to).replace(/\r?\n[ \t]+/g, ' ')
}

/** `known` if that is what the bytes say. */
function knownOrNew(bytes: Buffer, from: number, to: number, known: string): string {
  if (known.length !== to - from) return textOf(bytes, from, to)
  for (let index = 0; index < known.length; index++) {
    if (bytes[from + index] !== known.charCodeAt(index)) return textOf(bytes, from, to)
  }
  return known
}
