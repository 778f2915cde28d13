import assert from 'node:assert'
import { LINE_BYTES_MAX, WINDOW_AT, WINDOW_BYTES } from '../../kernel/layout.ts'
import type { Inflater } from './inflate.ts'
import type { Kernel } from './kernel.ts'
import type { Round } from './round.ts'
import { BodyTooLarge } from './target-errors.ts'

const LF = 0x0a
const HASH = 0x23
const WINDOW_END = WINDOW_AT + WINDOW_BYTES

assert(LINE_BYTES_MAX < WINDOW_BYTES, 'a window holds at least one whole line')

/** A body as it was received. */
export type ReceivedBody = { readonly encoding: 'identity' | 'gzip'; readonly chunks: readonly Uint8Array[] }

/**
 * Streams a body through the kernel's window: inflates into it, gives the round all whole lines, and moves the rest to
 * the front. A body never exists as text in one piece.
 */
export class BodyReader {
  readonly #kernel: Kernel
  readonly #inflater: Inflater
  readonly #window: Buffer
  #round!: Round
  #filled = 0
  #textBytes = 0
  #maxBytes = 0
  /** Where the text ends in the window; undefined if it did not fit there as a whole. */
  #wholeEnd: number | undefined
  #oversizedLines = 0
  #inOversizedLine = false
  #onWindow: ((start: number, end: number) => void) | undefined

  constructor(kernel: Kernel, inflater: Inflater) {
    this.#kernel = kernel
    this.#inflater = inflater
    this.#window = Buffer.from(kernel.bytes.buffer, WINDOW_AT, WINDOW_BYTES)
  }

  /** Inflated size of the last body. */
  get textBytes(): number {
    return this.#textBytes
  }

  /** Lines of the last body that were longer than a line may be: invalid, and without an entry. */
  get oversizedLines(): number {
    return this.#oversizedLines
  }

  /**
   * Reads a whole body into a round that has begun.
   *
   * @param onWindow gets the place in kernel memory of each piece of whole lines, before the round does
   * @throws {TargetBody | BodyTooLarge} the scrape has failed; the round must be forgotten
   */
  read(body: ReceivedBody, round: Round, maxBytes: number, onWindow?: (start: number, end: number) => void): void {
    this.#round = round
    this.#filled = 0
    this.#textBytes = 0
    this.#maxBytes = maxBytes
    this.#wholeEnd = 0
    this.#oversizedLines = 0
    this.#inOversizedLine = false
    this.#onWindow = onWindow
    if (body.encoding === 'gzip') this.#readGzip(body.chunks)
    else for (const chunk of body.chunks) this.#readPlain(chunk)
    this.#endBody()
  }

  /**
   * Gives the body that was read last to another round that has begun. It is inflated anew only if it did not fit into
   * the window, which nothing else may have written to since.
   */
  readAgain(body: ReceivedBody, round: Round): void {
    if (this.#wholeEnd === undefined) this.read(body, round, this.#maxBytes)
    else round.lines(WINDOW_AT, WINDOW_AT + this.#wholeEnd)
  }

  #readGzip(chunks: readonly Uint8Array[]): void {
    const inflater = this.#inflater
    inflater.begin(this.#maxBytes)
    for (const [index, chunk] of chunks.entries()) {
      inflater.push(chunk, index === chunks.length - 1)
      for (;;) {
        const bytes = inflater.read(this.#kernel.bytes, WINDOW_AT + this.#filled, WINDOW_END)
        if (bytes === 0) break
        this.#textBytes += bytes
        this.#filled += bytes
        if (this.#filled === WINDOW_BYTES) this.#takeLines()
      }
    }
    inflater.finish()
  }

  #readPlain(chunk: Uint8Array): void {
    this.#textBytes += chunk.length
    if (this.#textBytes > this.#maxBytes) throw new BodyTooLarge('the body', this.#maxBytes)
    for (let from = 0; from < chunk.length; ) {
      const bytes = Math.min(chunk.length - from, WINDOW_BYTES - this.#filled)
      this.#kernel.bytes.set(chunk.subarray(from, from + bytes), WINDOW_AT + this.#filled)
      this.#filled += bytes
      from += bytes
      if (this.#filled === WINDOW_BYTES) this.#takeLines()
    }
  }

  /** The window is full: gives its whole lines to the round and keeps the rest. */
  #takeLines(): void {
    this.#wholeEnd = undefined
    this.#skipOversizedLine()
    const end = this.#window.subarray(0, this.#filled).lastIndexOf(LF) + 1
    if (end > 0) {
      this.#give(end)
      this.#window.copyWithin(0, end, this.#filled)
      this.#filled -= end
    } else if (this.#filled === WINDOW_BYTES) {
      // Not even one whole line fits. A comment may be as long as it likes.
      if (!this.#inOversizedLine && this.#window[0] !== HASH) this.#oversizedLines++
      this.#inOversizedLine = true
      this.#filled = 0
    }
  }

  /** Drops what belongs to a line that was too long for the window. */
  #skipOversizedLine(): void {
    if (!this.#inOversizedLine) return
    const end = this.#window.subarray(0, this.#filled).indexOf(LF) + 1
    if (end === 0) {
      this.#filled = 0
      return
    }
    this.#inOversizedLine = false
    this.#window.copyWithin(0, end, this.#filled)
    this.#filled -= end
  }

  /** The last line needs no line feed. */
  #endBody(): void {
    this.#skipOversizedLine()
    if (this.#filled === 0) return
    // There is room for it behind the window.
    if (this.#window[this.#filled - 1] !== LF) this.#kernel.bytes[WINDOW_AT + this.#filled++] = LF
    if (this.#wholeEnd !== undefined) this.#wholeEnd = this.#filled
    this.#give(this.#filled)
  }

  /** Whole lines from the front of the window on. */
  #give(end: number): void {
    this.#onWindow?.(WINDOW_AT, WINDOW_AT + end)
    this.#round.lines(WINDOW_AT, WINDOW_AT + end)
  }
}
