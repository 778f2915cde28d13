import assert from 'node:assert/strict'
import { constants as bufferConstants } from 'node:buffer'
import { gunzipSync } from 'node:zlib'
import type { Inflater } from './inflate.ts'
import { BodyTooLarge, TargetBody } from './target-errors.ts'

/**
 * Inflates a body as a whole when its last piece is there, and hands it out in windows. Depends on nothing but the
 * documented interface of Node.js; needs memory for a body, and two to three times the time.
 */
export class PublicInflater implements Inflater {
  readonly kind = 'public'
  ended = false
  #pieces: Uint8Array[] = []
  #isLast = false
  #maxOutputBytes = 0
  /** The inflated body and how much of it was handed out. */
  #text: Uint8Array | undefined
  #textAt = 0

  begin(maxOutputBytes: number): void {
    assert(maxOutputBytes > 0, `the limit of a body is ${maxOutputBytes} bytes, a positive number is expected`)
    this.#clear()
    this.ended = false
    this.#maxOutputBytes = maxOutputBytes
  }

  push(input: Uint8Array, isLast: boolean): void {
    assert(!this.#isLast, 'a piece was pushed after the last one')
    this.#pieces.push(input)
    this.#isLast = isLast
  }

  read(into: Uint8Array, start: number, end: number): number {
    assert(start >= 0 && start < end && end <= into.length, `window ${start}..${end} of ${into.length} bytes`)
    if (this.ended || !this.#isLast) return 0
    this.#text ??= this.#inflate()
    const bytes = Math.min(end - start, this.#text.length - this.#textAt)
    into.set(this.#text.subarray(this.#textAt, this.#textAt + bytes), start)
    this.#textAt += bytes
    if (bytes < end - start) {
      this.#clear()
      this.ended = true
    }
    return bytes
  }

  finish(): void {
    if (!this.ended) throw new TargetBody('the gzip body is cut short')
  }

  close(): void {
    this.#clear()
  }

  #inflate(): Uint8Array {
    const body = Buffer.concat(this.#pieces)
    this.#pieces = []
    try {
      return gunzipSync(body, { maxOutputLength: Math.min(this.#maxOutputBytes, bufferConstants.MAX_LENGTH) })
    } catch (error) {
      this.#clear()
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        throw new BodyTooLarge('the inflated body', this.#maxOutputBytes)
      }
      throw new TargetBody('the gzip body is damaged', error)
    }
  }

  #clear(): void {
    this.#pieces = []
    this.#text = undefined
    this.#textAt = 0
    this.#isLast = false
  }
}
