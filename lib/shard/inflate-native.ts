import assert from 'node:assert/strict'
import type { InflateRaw } from 'node:zlib'
import { constants, createInflateRaw } from 'node:zlib'
import type { Checksum } from './checksum.ts'
import { GzipHeader } from './gzip-header.ts'
import type { Inflater } from './inflate.ts'
import { BodyTooLarge, TargetBody } from './target-errors.ts'

const { Z_FINISH, Z_NO_FLUSH } = constants

const NO_INPUT = new Uint8Array(0)
/** Checksum and length of a member's text, little-endian. */
const TRAILER_BYTES = 8

/** The native half of a `node:zlib` stream. It checks its arguments by ending the process, so they are checked here. */
type Handle = {
  onerror: (message: string, errno: number, code: string) => void
  reset(): void
  writeSync(
    flush: number,
    input: Uint8Array,
    inputStart: number,
    inputBytes: number,
    output: Uint8Array,
    outputStart: number,
    outputBytes: number,
  ): void
}

/** Where the handle leaves the bytes of output room and of input that a write did not use, in this order. */
type WriteState = Uint32Array

/** What the next bytes of input are. */
type Part = 'header' | 'deflated' | 'trailer' | 'padding'

/**
 * Inflates straight into the caller's memory, with one native handle for ever: neither a stream nor output buffers nor
 * zlib's 40 KiB of state are made anew for a body. The handle does the deflated part alone; what gzip puts around it is
 * read here, so that the checksum may be computed in a faster way.
 */
export class NativeInflater implements Inflater {
  readonly kind = 'native'
  ended = false
  /** Owns the handle. */
  readonly #stream: InflateRaw
  readonly #handle: Handle
  readonly #state: WriteState
  readonly #checksum: Checksum
  readonly #header = new GzipHeader()
  readonly #trailer = new DataView(new ArrayBuffer(TRAILER_BYTES))
  #trailerBytes = 0
  #part: Part = 'header'
  #members = 0
  #input: Uint8Array = NO_INPUT
  #inputAt = 0
  #isLast = false
  #room = 0
  #maxOutputBytes = 0
  /** Of the member's text so far. */
  #crc = 0
  #textBytes = 0
  #error: string | undefined

  private constructor(stream: InflateRaw, handle: Handle, state: WriteState, checksum: Checksum) {
    this.#stream = stream
    this.#handle = handle
    this.#state = state
    this.#checksum = checksum
    handle.onerror = (message, _errno, code) => {
      this.#error = `${message} (${code})`
    }
  }

  /** Undefined if this version of Node.js does not have the internals that are needed. */
  static create(checksum: Checksum): NativeInflater | undefined {
    const stream = createInflateRaw({ chunkSize: constants.Z_MIN_CHUNK })
    const { _handle: handle, _writeState: state } = stream as unknown as { _handle?: Handle; _writeState?: WriteState }
    if (typeof handle?.writeSync === 'function' && typeof handle.reset === 'function') {
      if (state instanceof Uint32Array && state.length === 2) {
        return new NativeInflater(stream, handle, state, checksum)
      }
    }
    stream.close()
    return undefined
  }

  begin(maxOutputBytes: number): void {
    assert(maxOutputBytes > 0, `the limit of a body is ${maxOutputBytes} bytes, a positive number is expected`)
    this.#error = undefined
    this.#input = NO_INPUT
    this.#inputAt = 0
    this.#isLast = false
    this.#maxOutputBytes = maxOutputBytes
    this.#room = maxOutputBytes
    this.#members = 0
    this.#part = 'header'
    this.#header.begin()
    this.ended = false
  }

  push(input: Uint8Array, isLast: boolean): void {
    assert(this.#inputAt === this.#input.length && !this.#isLast, 'a piece was pushed before the last one was used up')
    this.#input = this.#part === 'padding' ? NO_INPUT : input
    this.#inputAt = 0
    this.#isLast = isLast
  }

  read(into: Uint8Array, start: number, end: number): number {
    assert(start >= 0 && start < end && end <= into.length, `window ${start}..${end} of ${into.length} bytes`)
    while (!this.ended) {
      if (this.#part === 'deflated') {
        const bytes = this.#inflate(into, start, end)
        if (bytes > 0 || this.#part === 'deflated') return bytes
      } else if (this.#inputAt < this.#input.length) this.#readFrame()
      else if (this.#isLast) this.#endBody()
      else return 0
    }
    return 0
  }

  finish(): void {
    if (!this.ended) throw new TargetBody('the gzip body is cut short')
  }

  close(): void {
    this.#input = NO_INPUT
    this.#stream.close()
  }

  /** Inflates as much as there is input and room for. The member's trailer follows when its text is at its end. */
  #inflate(into: Uint8Array, start: number, end: number): number {
    // One byte more than allowed tells a body that is too large from one that just fits.
    const outputBytes = Math.min(end - start, this.#room + 1)
    const inputBytes = this.#input.length - this.#inputAt
    if (inputBytes === 0 && !this.#isLast) return 0
    const flush = this.#isLast ? Z_FINISH : Z_NO_FLUSH
    this.#handle.writeSync(flush, this.#input, this.#inputAt, inputBytes, into, start, outputBytes)
    if (this.#error !== undefined) this.#fail(new TargetBody('the gzip body is damaged', this.#error))
    const roomLeft = this.#state[0]!
    const inputLeft = this.#state[1]!
    const written = outputBytes - roomLeft
    this.#room -= written
    if (this.#room < 0) this.#fail(new BodyTooLarge('the inflated body', this.#maxOutputBytes))
    this.#crc = this.#checksum(into, start, start + written, this.#crc)
    this.#textBytes += written
    this.#inputAt = this.#input.length - inputLeft
    // zlib leaves room and input only where the deflated data ended. Where both end at once, the next piece tells.
    if (roomLeft > 0 && inputLeft > 0) this.#part = 'trailer'
    return written
  }

  /** Reads what stands around deflated data, to the end of a part at most. */
  #readFrame(): void {
    if (this.#part === 'header') this.#readHeader()
    else if (this.#part === 'trailer') this.#readTrailer()
    else this.#inputAt = this.#input.length
  }

  #readHeader(): void {
    // Zeros behind a member are no header, and nothing that comes after them counts.
    if (this.#members > 0 && this.#header.isUntouched && this.#input[this.#inputAt] === 0) {
      this.#part = 'padding'
      return
    }
    this.#inputAt = this.#header.read(this.#input, this.#inputAt)
    if (this.#header.fault !== undefined) this.#fail(new TargetBody('the gzip body is damaged', this.#header.fault))
    if (!this.#header.isComplete) return
    this.#handle.reset()
    this.#crc = 0
    this.#textBytes = 0
    this.#trailerBytes = 0
    this.#part = 'deflated'
  }

  #readTrailer(): void {
    while (this.#trailerBytes < TRAILER_BYTES && this.#inputAt < this.#input.length) {
      this.#trailer.setUint8(this.#trailerBytes++, this.#input[this.#inputAt++]!)
    }
    if (this.#trailerBytes < TRAILER_BYTES) return
    const isWhole = this.#trailer.getUint32(0, true) === this.#crc
    if (!isWhole) this.#fail(new TargetBody('the gzip body is damaged', 'incorrect data check'))
    const isLong = this.#trailer.getUint32(4, true) === this.#textBytes % 2 ** 32
    if (!isLong) this.#fail(new TargetBody('the gzip body is damaged', 'incorrect length check'))
    this.#members++
    this.#header.begin()
    this.#part = 'header'
  }

  /** The last piece is used up. */
  #endBody(): void {
    const isWhole = this.#members > 0 && (this.#part === 'padding' || this.#header.isUntouched)
    if (!isWhole) this.#fail(new TargetBody('the gzip body is cut short'))
    this.ended = true
  }

  #fail(error: Error): never {
    this.#input = NO_INPUT
    this.#inputAt = 0
    this.#isLast = false
    throw error
  }
}
