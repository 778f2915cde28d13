/** A 64-bit hash as two unsigned 32-bit halves: numbers are far cheaper than BigInt on the paths that hash much. */
export type Hash64 = { readonly hi: number; readonly lo: number }

const LANES = 4
const STRIPE_BYTES = 32

type Halves = readonly [hi: number, lo: number]
const PRIME_1: Halves = [0x9e3779b1, 0x85ebca87]
const PRIME_2: Halves = [0xc2b2ae3d, 0x27d4eb4f]
const PRIME_3: Halves = [0x165667b1, 0x9e3779f9]
const PRIME_4: Halves = [0x85ebca77, 0xc2b2ae63]
const PRIME_5: Halves = [0x27d4eb2f, 0x165667c5]

/** An unsigned 64-bit word that changes in place; the halves are kept as signed 32-bit integers. */
class Word {
  hi = 0
  lo = 0

  set(hi: number, lo: number): this {
    this.hi = hi | 0
    this.lo = lo | 0
    return this
  }

  add(hi: number, lo: number): this {
    const low = (this.lo >>> 0) + (lo >>> 0)
    this.hi = (this.hi + hi + (low > 0xffffffff ? 1 : 0)) | 0
    this.lo = low | 0
    return this
  }

  /** Modulo 2^64. The high half of lo × lo is summed up from products of 16-bit parts, which doubles hold exactly. */
  multiply([hi, lo]: Halves): this {
    const a0 = this.lo & 0xffff
    const a1 = this.lo >>> 16
    const b0 = lo & 0xffff
    const b1 = lo >>> 16
    const low = a0 * b0
    const left = a0 * b1
    const right = a1 * b0
    const carry = (low >>> 16) + (left & 0xffff) + (right & 0xffff)
    const high = a1 * b1 + (left >>> 16) + (right >>> 16) + (carry >>> 16)
    this.hi = (high + Math.imul(this.hi, lo) + Math.imul(this.lo, hi)) | 0
    this.lo = Math.imul(this.lo, lo)
    return this
  }

  /** @param bits 1 to 31 */
  rotateLeft(bits: number): this {
    const { hi, lo } = this
    this.hi = (hi << bits) | (lo >>> (32 - bits))
    this.lo = (lo << bits) | (hi >>> (32 - bits))
    return this
  }

  xor(hi: number, lo: number): this {
    this.hi ^= hi
    this.lo ^= lo
    return this
  }

  /** Xors the word with itself shifted right by `bits`, 1 to 63. */
  xorShifted(bits: number): this {
    const { hi, lo } = this
    if (bits >= 32) return this.xor(0, bits === 32 ? hi : hi >>> (bits - 32))
    return this.xor(hi >>> bits, (lo >>> bits) | (hi << (32 - bits)))
  }
}

/**
 * XXH64 with seed 0.
 *
 * @param data text is hashed as UTF-8
 */
export function xxhash64(data: string | Uint8Array): Hash64 {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const scratch = new Word()
  const hash = new Word()
  let at = 0
  if (bytes.length >= STRIPE_BYTES) {
    at = hashStripes(view, hash, scratch)
  } else {
    hash.set(...PRIME_5)
  }
  hash.add(0, bytes.length)

  for (; at + 8 <= bytes.length; at += 8) {
    mixLane(scratch.set(0, 0), view, at)
    hash
      .xor(scratch.hi, scratch.lo)
      .rotateLeft(27)
      .multiply(PRIME_1)
      .add(...PRIME_4)
  }
  if (at + 4 <= bytes.length) {
    scratch.set(0, view.getInt32(at, true)).multiply(PRIME_1)
    hash
      .xor(scratch.hi, scratch.lo)
      .rotateLeft(23)
      .multiply(PRIME_2)
      .add(...PRIME_3)
    at += 4
  }
  for (; at < bytes.length; at++) {
    scratch.set(0, bytes[at]!).multiply(PRIME_5)
    hash.xor(scratch.hi, scratch.lo).rotateLeft(11).multiply(PRIME_1)
  }
  hash.xorShifted(33).multiply(PRIME_2).xorShifted(29).multiply(PRIME_3).xorShifted(32)
  return { hi: hash.hi >>> 0, lo: hash.lo >>> 0 }
}

/** Hashes all whole stripes into `hash`; gives the index of the first byte after them. */
function hashStripes(view: DataView, hash: Word, scratch: Word): number {
  const lanes = Array.from({ length: LANES }, () => new Word()) as [Word, Word, Word, Word]
  lanes[0].set(...PRIME_1).add(...PRIME_2)
  lanes[1].set(...PRIME_2)
  lanes[3].add(~PRIME_1[0], ~PRIME_1[1]).add(0, 1) // the negative of the prime
  let at = 0
  for (; at + STRIPE_BYTES <= view.byteLength; at += STRIPE_BYTES) {
    for (let lane = 0; lane < LANES; lane++) mixLane(lanes[lane]!, view, at + lane * 8)
  }
  const rotations = [1, 7, 12, 18]
  lanes.forEach((lane, index) => {
    scratch.set(lane.hi, lane.lo).rotateLeft(rotations[index]!)
    hash.add(scratch.hi, scratch.lo)
  })
  for (const lane of lanes) {
    scratch.set(lane.hi, lane.lo).multiply(PRIME_2).rotateLeft(31).multiply(PRIME_1)
    hash
      .xor(scratch.hi, scratch.lo)
      .multiply(PRIME_1)
      .add(...PRIME_4)
  }
  return at
}

/** One round: takes up the eight bytes at `at`. */
function mixLane(lane: Word, view: DataView, at: number): void {
  const { hi, lo } = lane
  lane
    .set(view.getInt32(at + 4, true), view.getInt32(at, true))
    .multiply(PRIME_2)
    .add(hi, lo)
    .rotateLeft(31)
    .multiply(PRIME_1)
}

/** 16 lower-case hex digits. */
export function hashToHex(hash: Hash64): string {
  return hash.hi.toString(16).padStart(8, '0') + hash.lo.toString(16).padStart(8, '0')
}

export function hashToBigInt(hash: Hash64): bigint {
  return (BigInt(hash.hi) << 32n) | BigInt(hash.lo)
}

/** hash / 2^64, rounded once to the nearest double: 0 up to and including 1. */
export function hashToFraction(hash: Hash64): number {
  return (hash.hi * 2 ** 32 + hash.lo) / 2 ** 64
}
