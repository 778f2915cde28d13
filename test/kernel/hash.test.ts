import test from 'ava'
import fc from 'fast-check'
import { WINDOW_AT } from '../../kernel/layout.ts'
import { compileKernelPart } from '../support/kernel-compile.ts'

const ENTRY = `
import { hashKey } from './kernel/assembly/hash'

export function hash(p: usize, length: u32, seed: u64): u64 {
  return hashKey(p, length, seed)
}
`
type Exports = { hash(p: number, length: number, seed: bigint): bigint }

/** The kernel keeps so many bits of a hash. */
const HASH_BITS = 48
const SEED = 0x123456789abcdef0n
const kernel = compileKernelPart<Exports>(ENTRY)

/** A hash of text anywhere in memory, with any bytes behind it. */
async function makeHash(): Promise<(text: Uint8Array, seed?: bigint, at?: number, behind?: number) => bigint> {
  const { memory, hash } = await kernel
  const bytes = new Uint8Array(memory.buffer)
  return (text, seed = SEED, at = WINDOW_AT, behind = 0) => {
    bytes.set(text, at)
    bytes.fill(behind, at + text.length, at + text.length + 32)
    return hash(at, text.length, seed)
  }
}

const key = fc.uint8Array({ minLength: 0, maxLength: 100 })

test('only the bytes of the key count: neither where it lies nor what is behind it', async t => {
  const hash = await makeHash()
  fc.assert(
    fc.property(key, fc.nat(100), fc.nat(255), (text, offset, behind) => {
      t.is(hash(text), hash(text, SEED, WINDOW_AT + offset, behind))
    }),
  )
})

test('any other byte, length or seed gives another hash', async t => {
  const hash = await makeHash()
  fc.assert(
    fc.property(
      key,
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.bigInt(1n, 2n ** 64n - 1n),
      (text, at, flip, seed) => {
        const other = Uint8Array.from(text)
        if (text.length > 0) {
          other[at % text.length]! ^= flip
          t.not(hash(text), hash(other))
        }
        t.not(hash(text), hash(Uint8Array.of(...text, 0)))
        t.not(hash(text), hash(text, SEED ^ seed))
      },
    ),
  )
})

test('keys of the same length that differ in one byte only never share a hash', async t => {
  const hash = await makeHash()
  for (const length of [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]) {
    const text = new Uint8Array(length).fill(0x61)
    const hashes = new Set<bigint>()
    for (let at = 0; at < length; at++) {
      for (let byte = 0; byte < 256; byte++) {
        text[at] = byte
        hashes.add(hash(text))
      }
      text[at] = 0x61
    }
    t.is(hashes.size, length * 255 + 1)
  }
})

test('keys that differ in two digits, wherever these stand, never share a hash', async t => {
  const hash = await makeHash()
  const text = Buffer.alloc(48, 'x')
  for (let first = 0; first < text.length; first++) {
    for (let second = 0; second < first; second++) {
      const hashes = new Set<bigint>()
      for (let number = 0; number < 100; number++) {
        text[first] = 0x30 + (number % 10)
        text[second] = 0x30 + Math.floor(number / 10)
        hashes.add(hash(text))
      }
      t.is(hashes.size, 100, `bytes ${first} and ${second}`)
      text[second] = 0x78
    }
    text[first] = 0x78
  }
})

test('half a million alike keys have as many hashes, whose bits are even', async t => {
  const { memory, hash } = await kernel
  const bytes = Buffer.from(memory.buffer)
  const count = 500_000
  const hashes = new BigUint64Array(count)
  const ones = new Uint32Array(HASH_BITS)
  for (let k = 0; k < count; k++) {
    const length = bytes.write(`node_cpu_seconds_total{cpu="${k >> 3}",mode="m${k & 7}"}`, WINDOW_AT)
    hashes[k] = hash(WINDOW_AT, length, SEED)
  }
  for (const bits of hashes.subarray(0, 20_000)) {
    for (let bit = 0; bit < ones.length; bit++) ones[bit]! += Number((bits >> BigInt(bit)) & 1n)
  }
  t.true(
    ones.every(seen => seen > 9500 && seen < 10_500),
    `${ones}`,
  )
  hashes.sort()
  t.true(hashes.every((bits, index) => index === 0 || bits !== hashes[index - 1]))
})
