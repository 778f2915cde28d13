import assert from 'node:assert/strict'
import type { AnswerHandler } from './exchange.ts'
import type { FetchMemory } from './fetch-memory.ts'
import { ChunkReader } from './http-chunks.ts'
import { endOfHead, type HeadParser, mayBeHead, NOT_HTTP } from './http-head.ts'

/** What the next bytes are. */
const Part = { nothing: 0, head: 1, sizedBody: 2, chunkedBody: 3, bodyUntilClose: 4 } as const
type Part = (typeof Part)[keyof typeof Part]

/**
 * Reads answers to GET requests (RFC 9112), one after the other, however their bytes are cut, and tells a handler of head
 * and body. The owner looks at `fault` and `isComplete` after each read.
 */
export class AnswerReader {
  /** Why the answer cannot be understood. */
  fault: string | undefined
  /** Something of the answer has come. */
  hasBegun = false
  /** The server takes another request on the connection after this answer. */
  isPersistent = false
  /** How long the server then keeps the connection without a request; undefined if it does not say. */
  idleMs: number | undefined
  readonly #memory: FetchMemory
  #handler: AnswerHandler | undefined
  #part: Part = Part.nothing
  /** Bytes of a sized body that are still to come. */
  #left = 0
  #chunks: ChunkReader | undefined
  /** The beginning of a head that came in parts, `#headBytes` long. */
  #head: Buffer | undefined
  #headBytes = 0

  constructor(memory: FetchMemory) {
    this.#memory = memory
  }

  /** The answer has been read to its end, or was given up. */
  get isComplete(): boolean {
    return this.#part === Part.nothing
  }

  /** Nothing but the end of the connection ends the answer. */
  get endsWithConnection(): boolean {
    return this.#part === Part.bodyUntilClose
  }

  /** An answer is expected. */
  begin(handler: AnswerHandler): void {
    assert(this.isComplete, 'one answer at a time')
    this.fault = undefined
    this.hasBegun = false
    this.#handler = handler
    this.#part = Part.head
  }

  /** Gives the answer up: its handler hears nothing any more. */
  stop(): void {
    this.#handler = undefined
    this.#part = Part.nothing
    this.#forgetHead()
  }

  /** Reads to the end of the answer at most, and gives the place behind what belongs to it. */
  read(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end && this.#part !== Part.nothing && this.fault === undefined) at = this.#step(bytes, at, end)
    return at
  }

  /** Reads to the end of a part at most. */
  #step(bytes: Buffer, at: number, end: number): number {
    switch (this.#part) {
      case Part.head:
        this.hasBegun = true
        return this.#head === undefined ? this.#readHead(bytes, at, end) : this.#readHeadOn(this.#head, bytes, at, end)
      case Part.sizedBody:
        return this.#readSized(bytes, at, end)
      case Part.chunkedBody:
        return this.#readChunk(this.#chunks!, bytes, at, end)
      default:
        this.#handler!.onBody(bytes, at, end)
        return end
    }
  }

  #readSized(bytes: Buffer, at: number, end: number): number {
    const size = Math.min(this.#left, end - at)
    this.#left -= size
    if (this.#left === 0) this.#part = Part.nothing
    this.#handler!.onBody(bytes, at, at + size)
    return at + size
  }

  #readChunk(chunks: ChunkReader, bytes: Buffer, start: number, end: number): number {
    const at = chunks.seek(bytes, start, end)
    const size = Math.min(chunks.left, end - at)
    this.fault = chunks.fault
    if (chunks.ended) this.#part = Part.nothing
    if (size === 0 || this.fault !== undefined) return at
    chunks.took(size)
    this.#handler!.onBody(bytes, at, at + size)
    return at + size
  }

  /** Nearly always a head is there as a whole, and is read where it lies. */
  #readHead(bytes: Buffer, start: number, end: number): number {
    const { headBytesMax } = this.#memory
    const headEnd = endOfHead(bytes, start, Math.min(end, start + headBytesMax))
    if (headEnd !== -1) {
      this.#takeHead(bytes, start, headEnd)
      return headEnd
    }
    if (!mayBeHead(bytes, start, end)) this.fault = NOT_HTTP
    else if (end - start >= headBytesMax) this.fault = this.#tooLarge()
    else {
      this.#head = this.#memory.takeForHead()
      this.#headBytes = bytes.copy(this.#head, 0, start, end)
    }
    return end
  }

  /** A head that comes in parts is put together first. */
  #readHeadOn(head: Buffer, bytes: Buffer, start: number, end: number): number {
    const { headBytesMax } = this.#memory
    const before = this.#headBytes
    this.#headBytes += bytes.copy(head, before, start, Math.min(end, start + headBytesMax - before))
    const headEnd = endOfHead(head, Math.max(0, before - 2), this.#headBytes)
    if (headEnd !== -1) {
      this.#takeHead(head, 0, headEnd)
      this.#forgetHead()
      return start + headEnd - before
    }
    if (!mayBeHead(head, 0, this.#headBytes)) this.fault = NOT_HTTP
    else if (this.#headBytes === headBytesMax) this.fault = this.#tooLarge()
    return end
  }

  #tooLarge(): string {
    return `the head of the answer has more than ${this.#memory.headBytesMax} bytes; see -promscrape.maxResponseHeadersSize`
  }

  #forgetHead(): void {
    if (this.#head !== undefined) this.#memory.give(this.#head)
    this.#head = undefined
  }

  #takeHead(bytes: Buffer, start: number, end: number): void {
    const head = this.#memory.headParser
    this.fault = head.parse(bytes, start, end)
    if (this.fault !== undefined) return
    if (head.status === 101) this.fault = 'the server switches to another protocol, which was not asked for'
    if (head.status < 200) return
    this.isPersistent = head.persistent
    this.idleMs = head.idleMs
    this.#expectBody(head)
    this.#handler!.onHead(head)
  }

  /** How far the body goes (RFC 9112, 6.3). */
  #expectBody(head: HeadParser): void {
    if (head.status === 204 || head.status === 304) this.#part = Part.nothing
    else if (head.chunked) {
      this.#chunks ??= new ChunkReader()
      this.#chunks.begin()
      this.#part = Part.chunkedBody
    } else if (head.contentLength === undefined) this.#part = Part.bodyUntilClose
    else {
      this.#left = head.contentLength
      this.#part = this.#left === 0 ? Part.nothing : Part.sizedBody
    }
  }
}
