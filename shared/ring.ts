/*
 * A one-way queue of byte frames between exactly two threads.
 *
 *   byte 0          128         256                 256 + capacity
 *        ├─ tail ────┼─ head ────┼─ frames ──────────┤
 *          producer     consumer    8-byte aligned
 *
 *   frame │ payloadBytes: u32 │ kind: u8 │ destinations: u24 │ payload … │ fill to 8 │
 *
 *   pad   │ bytes to the end of the lap, less this header: u32 │ 255 │ 0 │
 *
 * R1  Only the producer stores tail; only the consumer stores head.
 * R2  Both count bytes since the ring was made, modulo 2³²; tail − head = bytes unread, 0 to capacity. A capacity is
 *     a power of two, so that the index of a count (its low bits) goes on evenly when the count wraps.
 * R3  A frame never wraps: a pad frame takes up the rest of the lap.
 * R4  Tail moves after the whole frame is written. A producer that dies at any moment leaves whole frames only; its
 *     successor goes on at tail and overwrites whatever the dead one had begun.
 * R5  Head moves after the handler has returned. A consumer that dies leaves its frames to its successor.
 *
 * The destinations are a set as in shared/destination-set.ts.
 */
import assert from 'node:assert'

const LANE_BYTES = 128 // two cache lines: CPUs prefetch them in pairs
const TAIL = 0
const HEAD = LANE_BYTES / Int32Array.BYTES_PER_ELEMENT
const FRAMES_BYTE = 2 * LANE_BYTES
const HEADER_BYTES = 8
const ALIGN_BYTES = 8
const KIND_MASK = 0xff
const KIND_BITS = 8
const DESTINATIONS_BITS = 24
const KIND_PAD = 255

const RING_BYTES_MIN = 64
const RING_BYTES_MAX = 2 ** 30 // differences of two counts stay within an i32

/** What `RingProducer.claim` returns while the consumer is too far behind. */
export const RING_FULL = -1

/** The greatest `kind` of a frame; the smallest is 0. */
export const RING_KIND_MAX = KIND_PAD - 1

/**
 * Memory of an empty ring. Whoever calls this owns it, and it outlives both ends.
 *
 * @param capacityBytes a power of two from 64 to 2³⁰; a frame may take up half of it
 */
export function createRing(capacityBytes: number): SharedArrayBuffer {
  assert(
    capacityBytes >= RING_BYTES_MIN && capacityBytes <= RING_BYTES_MAX,
    `ring of ${capacityBytes} B is out of range: ${RING_BYTES_MIN} B to ${RING_BYTES_MAX} B`,
  )
  assert(isPowerOfTwo(capacityBytes), `ring of ${capacityBytes} B: the capacity must be a power of two`)
  return new SharedArrayBuffer(FRAMES_BYTE + capacityBytes)
}

/** The capacity that `createRing` was given. */
export function ringCapacityBytes(memory: SharedArrayBuffer): number {
  return memory.byteLength - FRAMES_BYTE
}

/** Bytes unread, headers and pads included, as an onlooker sees them while both ends go on: 0 to the capacity. */
export function ringUsedBytes(memory: SharedArrayBuffer): number {
  const words = new Int32Array(memory)
  // Head first: what the ends do in between can only add to the difference, never make it negative.
  const head = Atomics.load(words, HEAD)
  const tail = Atomics.load(words, TAIL)
  return Math.min((tail - head) | 0, ringCapacityBytes(memory))
}

/** The writing end. A ring has one at a time; a successor goes on where the one before it last committed. */
export class RingProducer {
  /** Payloads are written here, from the index that `claim` returned. */
  readonly bytes: Uint8Array
  readonly payloadBytesMax: number
  readonly #words: Int32Array
  readonly #capacityBytes: number
  #tail: number // own copy of the shared tail
  #headSeen: number // the shared head when last read; read again only when the ring looks full
  #claimEnd: number // tail after the next commit; equal to #tail while nothing is claimed

  constructor(memory: SharedArrayBuffer) {
    this.#capacityBytes = checkedCapacity(memory)
    this.bytes = new Uint8Array(memory)
    this.#words = new Int32Array(memory)
    this.payloadBytesMax = this.#capacityBytes / 2 - HEADER_BYTES // fits behind the longest pad frame
    this.#tail = Atomics.load(this.#words, TAIL)
    this.#headSeen = Atomics.load(this.#words, HEAD)
    this.#claimEnd = this.#tail
  }

  /**
   * Reserves room for one payload; the consumer sees nothing before `commit`. Claiming again instead gives the
   * reservation up.
   *
   * @param payloadBytes 0 to `payloadBytesMax`
   * @param kind 0 to `RING_KIND_MAX`; passed on to the consumer as it is, and likewise `destinations`, below 2 ** 24
   * @returns index into `bytes` of the payload's first byte, or `RING_FULL`
   */
  claim(payloadBytes: number, kind: number, destinations = 0): number {
    if (payloadBytes < 0 || payloadBytes > this.payloadBytesMax) assert.fail(`a frame of ${payloadBytes} B cannot fit`)
    assert(kind >= 0 && kind <= RING_KIND_MAX && destinations >>> DESTINATIONS_BITS === 0)
    const frameBytes = frameSize(payloadBytes)
    const lapBytes = this.#capacityBytes - this.#index(this.#tail)
    const padBytes = frameBytes > lapBytes ? lapBytes : 0
    if (!this.#hasFree(padBytes + frameBytes)) return RING_FULL

    if (padBytes > 0) this.#writeHeader(this.#tail, padBytes - HEADER_BYTES, KIND_PAD)
    const start = (this.#tail + padBytes) | 0
    this.#writeHeader(start, payloadBytes, kind | (destinations << KIND_BITS))
    this.#claimEnd = (start + frameBytes) | 0
    return FRAMES_BYTE + this.#index(start) + HEADER_BYTES
  }

  /** Publishes the claimed frame. */
  commit(): void {
    assert(this.#claimEnd !== this.#tail, 'commit without claim')
    this.#tail = this.#claimEnd
    Atomics.store(this.#words, TAIL, this.#tail)
  }

  /** Bytes that the consumer has not read yet, headers and pads included. */
  usedBytes(): number {
    this.#headSeen = Atomics.load(this.#words, HEAD)
    return (this.#tail - this.#headSeen) | 0
  }

  #hasFree(bytes: number): boolean {
    if (((this.#tail - this.#headSeen) | 0) + bytes <= this.#capacityBytes) return true
    return this.usedBytes() + bytes <= this.#capacityBytes
  }

  #writeHeader(position: number, payloadBytes: number, kindWord: number): void {
    const word = (FRAMES_BYTE + this.#index(position)) >> 2
    this.#words[word] = payloadBytes
    this.#words[word + 1] = kindWord
  }

  #index(position: number): number {
    return position & (this.#capacityBytes - 1)
  }
}

/** Takes one frame: its payload is `bytes[start]` to `bytes[end - 1]`, on loan until the handler returns. */
export type FrameHandler = (bytes: Buffer, start: number, end: number, kind: number, destinations: number) => void

/** The reading end. A ring has one at a time; a successor goes on where the one before it last moved the head. */
export class RingConsumer {
  readonly #bytes: Buffer
  readonly #words: Int32Array
  readonly #capacityBytes: number
  #head: number // own copy of the shared head

  constructor(memory: SharedArrayBuffer) {
    this.#capacityBytes = checkedCapacity(memory)
    this.#bytes = Buffer.from(memory)
    this.#words = new Int32Array(memory)
    this.#head = Atomics.load(this.#words, HEAD)
  }

  /**
   * Hands up to `framesMax` frames to `onFrame`, oldest first; their room is free for the producer when this returns.
   * If `onFrame` throws, its frame stays unread.
   *
   * @returns the number of frames consumed; 0 means that the ring was empty
   */
  drain(onFrame: FrameHandler, framesMax: number): number {
    const tail = Atomics.load(this.#words, TAIL)
    let frames = 0
    try {
      while (this.#head !== tail && frames < framesMax) {
        const header = FRAMES_BYTE + (this.#head & (this.#capacityBytes - 1))
        const payloadBytes = this.#words[header >> 2]!
        const frameBytes = frameSize(payloadBytes)
        assert(payloadBytes >= 0 && frameBytes <= ((tail - this.#head) | 0), 'ring frame reaches past the tail')
        const kindWord = this.#words[(header >> 2) + 1]!
        const kind = kindWord & KIND_MASK
        if (kind !== KIND_PAD) {
          const start = header + HEADER_BYTES
          onFrame(this.#bytes, start, start + payloadBytes, kind, kindWord >>> KIND_BITS)
          frames++
        }
        this.#head = (this.#head + frameBytes) | 0
      }
    } finally {
      Atomics.store(this.#words, HEAD, this.#head)
    }
    return frames
  }

  /** Bytes that wait to be read, headers and pads included. */
  usedBytes(): number {
    return (Atomics.load(this.#words, TAIL) - this.#head) | 0
  }
}

function frameSize(payloadBytes: number): number {
  return (HEADER_BYTES + payloadBytes + ALIGN_BYTES - 1) & -ALIGN_BYTES
}

function checkedCapacity(memory: SharedArrayBuffer): number {
  const capacityBytes = ringCapacityBytes(memory)
  assert(isPowerOfTwo(capacityBytes), 'not the memory of a ring')
  const words = new Int32Array(memory)
  const usedBytes = (Atomics.load(words, TAIL) - Atomics.load(words, HEAD)) | 0
  assert(usedBytes >= 0 && usedBytes <= capacityBytes, `ring with ${usedBytes} B unread of ${capacityBytes} B`)
  return capacityBytes
}

function isPowerOfTwo(bytes: number): boolean {
  return Number.isInteger(bytes) && bytes > 0 && (bytes & (bytes - 1)) === 0
}
