import assert from 'node:assert/strict'
import type { Gunzip } from 'node:zlib'
import { constants, createGunzip } from 'node:zlib'
import type { Inflater } from './inflate.ts'
import { BodyTooLarge, TargetBody } from './target-errors.ts'

const { Z_FINISH, Z_NO_FLUSH } = constants

const NO_INPUT = new Uint8Array(0)

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

/**
 * Inflates straight into the caller's memory, with one native handle for ever: neither a stream nor output buffers nor
 * zlib's 40 KiB of state are made anew for a body.
 */
export class NativeInflater implements Inflater {
  readonly kind = 'native'
  ended = false
  /** Owns the handle. */
  readonly #stream: Gunzip
  readonly #handle: Handle
  readonly #state: WriteState
  #input: Uint8Array = NO_INPUT
  #inputAt = 0
  #isLast = false
  /** The last member was followed by zeros: nothing that comes after them counts. */
  #padded = false
  #room = 0
  #maxOutputBytes = 0
  #error: string | undefined

  private constructor(stream: Gunzip, handle: Handle, state: WriteState) {
    this.#stream = stream
    this.#handle = handle
    this.#state = state
    handle.onerror = (message, _errno, code) => {
      this.#error = `${message} (${code})`
    }
  }

  /** Undefined if this version of Node.js does not have the internals that are needed. */
  static create(): NativeInflater | undefined {
    const stream = createGunzip({ chunkSize: constants.Z_MIN_CHUNK })
    const { _handle: handle, _writeState: state } = stream as unknown as { _handle?: Handle; _writeState?: WriteState }
    if (typeof handle?.writeSync === 'function' && typeof handle.reset === 'function') {
      if (state instanceof Uint32Array && state.length === 2) return new NativeInflater(stream, handle, state)
    }
    stream.close()
    return undefined
  }

  begin(maxOutputBytes: number): void {
    assert(maxOutputBytes > 0, `the limit of a body is ${maxOutputBytes} bytes, a positive number is expected`)
    this.#handle.reset()
    this.#error = undefined
    this.#input = NO_INPUT
    this.#inputAt = 0
    this.#isLast = false
    this.#padded = false
    this.#maxOutputBytes = maxOutputBytes
    this.#room = maxOutputBytes
    this.ended = false
  }

  push(input: Uint8Array, isLast: boolean): void {
    assert(this.#inputAt === this.#input.length && !this.#isLast, 'a piece was pushed before the last one was used up')
    this.#input = this.#padded ? NO_INPUT : input
    this.#inputAt = 0
    this.#isLast = isLast
  }

  read(into: Uint8Array, start: number, end: number): number {
    assert(start >= 0 && start < end && end <= into.length, `window ${start}..${end} of ${into.length} bytes`)
    const inputBytes = this.#input.length - this.#inputAt
    if (this.ended || (inputBytes === 0 && !this.#isLast)) return 0
    // One byte more than allowed tells a body that is too large from one that just fits.
    const outputBytes = Math.min(end - start, this.#room + 1)
    const flush = this.#isLast ? Z_FINISH : Z_NO_FLUSH
    this.#handle.writeSync(flush, this.#input, this.#inputAt, inputBytes, into, start, outputBytes)
    if (this.#error !== undefined) this.#fail(new TargetBody('the gzip body is damaged', this.#error))
    const roomLeft = this.#state[0]!
    const inputLeft = this.#state[1]!
    const written = outputBytes - roomLeft
    this.#room -= written
    if (this.#room < 0) this.#fail(new BodyTooLarge('the inflated body', this.#maxOutputBytes))
    this.#inputAt = this.#input.length - inputLeft
    if (roomLeft > 0) this.#usedUp(inputLeft)
    return written
  }

  finish(): void {
    if (!this.ended) throw new TargetBody('the gzip body is cut short')
  }

  close(): void {
    this.#input = NO_INPUT
    this.#stream.close()
  }

  /** There was room for more output than the input yields. */
  #usedUp(inputLeft: number): void {
    if (inputLeft > 0) this.#padded = true
    this.#input = NO_INPUT
    this.#inputAt = 0
    // With the last piece zlib reports a body that is not complete as an error.
    this.ended = this.#isLast
  }

  #fail(error: Error): never {
    this.#input = NO_INPUT
    this.#inputAt = 0
    this.#isLast = false
    throw error
  }
}
