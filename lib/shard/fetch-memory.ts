import { HeadParser } from './http-head.ts'

/** As much as a socket has ready in most cases, so that a body takes one read. */
const READ_BYTES = 64 * 1024
const SMALL_BYTES = 4 * 1024
const LARGE_BYTES = 16 * 1024

/** As in vmagent. */
const HEAD_BYTES_MAX = 4 * 1024

const TRIM_INTERVAL_MS = 60_000

/**
 * What all fetches of a thread share: memory that bytes are read into, buffers for bodies, the parser of heads. One for
 * each shard.
 */
export class FetchMemory {
  /** Every socket reads into it: its content is gone with the next read. */
  readonly readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
  readonly headParser = new HeadParser()
  /** What is larger is no head of an answer, but an attempt on our memory. */
  readonly headBytesMax: number
  readonly small: BufferPool
  readonly large: BufferPool

  /** @param nowMs a monotonic clock in milliseconds; given by tests */
  constructor(headBytesMax = HEAD_BYTES_MAX, nowMs: () => number = () => performance.now()) {
    this.headBytesMax = headBytesMax
    this.small = new BufferPool(SMALL_BYTES, nowMs)
    this.large = new BufferPool(LARGE_BYTES, nowMs)
  }

  /** Bytes that are kept for the next bodies. */
  get idleBytes(): number {
    return READ_BYTES + this.small.freeBytes + this.large.freeBytes
  }

  /** A buffer for a head that comes in parts: `headBytesMax` or more, to be given back by `give`. */
  takeForHead(): Buffer {
    if (this.headBytesMax > LARGE_BYTES) return Buffer.allocUnsafeSlow(this.headBytesMax)
    return this.headBytesMax > SMALL_BYTES ? this.large.take() : this.small.take()
  }

  /** Takes back what it gave. */
  give(buffer: Buffer): void {
    if (buffer.length === SMALL_BYTES) this.small.give(buffer)
    else if (buffer.length === LARGE_BYTES) this.large.give(buffer)
  }
}

/**
 * Buffers of one size. Those that nobody needed for a minute are let go: a pool is as large as what was in use at one
 * time lately, and not as what once was.
 */
export class BufferPool {
  readonly sizeBytes: number
  readonly #nowMs: () => number
  readonly #free: Buffer[] = []
  /** The fewest that were free at any moment since `#trimmedMs`. */
  #freeMin = 0
  #trimmedMs: number

  constructor(sizeBytes: number, nowMs: () => number) {
    this.sizeBytes = sizeBytes
    this.#nowMs = nowMs
    this.#trimmedMs = nowMs()
  }

  /** Bytes that lie idle. */
  get freeBytes(): number {
    return this.#free.length * this.sizeBytes
  }

  /** A buffer with arbitrary content, to be given back once. */
  take(): Buffer {
    const buffer = this.#free.pop()
    if (buffer === undefined) return Buffer.allocUnsafeSlow(this.sizeBytes)
    this.#freeMin = Math.min(this.#freeMin, this.#free.length)
    return buffer
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer)
    const nowMs = this.#nowMs()
    if (nowMs - this.#trimmedMs < TRIM_INTERVAL_MS) return
    this.#free.splice(0, this.#freeMin)
    this.#freeMin = this.#free.length
    this.#trimmedMs = nowMs
  }
}
