import test from 'ava'
import fc from 'fast-check'
import { hashToBigInt, hashToFraction, hashToHex, xxhash64 } from '../../shared/xxhash64.ts'

const VECTORS: readonly [text: string, hex: string][] = [
  ['', 'ef46db3751d8e999'],
  ['a', 'd24ec4f1a98c6e5b'],
  ['abc', '44bc2cf5ad770999'],
  ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
  ['http://example-1:8428/prometheus/api/v1/write', 'ba6e4303dcfa0d45'],
  ['http://127.0.0.1:18430/api/v1/write', '9c09e517e7e359b8'],
]

for (const [text, hex] of VECTORS) {
  test(`the hash of ${JSON.stringify(text)} is known`, t => {
    t.is(hashToHex(xxhash64(text)), hex)
    t.is(hashToBigInt(xxhash64(Buffer.from(text))), BigInt(`0x${hex}`))
  })
}

const MASK = (1n << 64n) - 1n
const [P1, P2, P3, P4, P5]: readonly [bigint, bigint, bigint, bigint, bigint] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
]
const rotate = (word: bigint, bits: bigint) => ((word << bits) | (word >> (64n - bits))) & MASK
const round = (lane: bigint, word: bigint) => (rotate((lane + word * P2) & MASK, 31n) * P1) & MASK

/** The specification, word for word, with BigInt. */
function reference(bytes: Buffer): bigint {
  let at = 0
  let hash = P5
  if (bytes.length >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, (MASK + 1n - P1) & MASK]
    for (; at + 32 <= bytes.length; at += 32) {
      lanes.forEach((lane, index) => {
        lanes[index] = round(lane, bytes.readBigUInt64LE(at + 8 * index))
      })
    }
    hash = lanes.reduce((sum, lane, index) => sum + rotate(lane, [1n, 7n, 12n, 18n][index]!), 0n) & MASK
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * P1 + P4) & MASK
  }
  hash = (hash + BigInt(bytes.length)) & MASK
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK
  }
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK
    at += 4
  }
  for (; at < bytes.length; at++) hash = (rotate(hash ^ ((BigInt(bytes[at]!) * P5) & MASK), 11n) * P1) & MASK
  hash = ((hash ^ (hash >> 33n)) * P2) & MASK
  hash = ((hash ^ (hash >> 29n)) * P3) & MASK
  return hash ^ (hash >> 32n)
}

test('any bytes hash as the specification says', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(3), (bytes, skip) => {
      // A view into a larger buffer: its offset must not matter.
      const padded = Buffer.concat([Buffer.alloc(skip), bytes]).subarray(skip)
      t.is(hashToBigInt(xxhash64(padded)), reference(padded))
    }),
  )
})

test('the fraction of a hash is its share of 2^64', t => {
  t.is(hashToFraction({ hi: 0, lo: 0 }), 0)
  t.is(hashToFraction({ hi: 0x80000000, lo: 0 }), 0.5)
  t.is(hashToFraction({ hi: 0, lo: 1 }), 2 ** -64)
})
