import { crc32 } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { FOLD_AT, FOLD_BYTES, FOLD_TEXT_BYTES_MIN, WINDOW_AT, WINDOW_BYTES } from '../../kernel/layout.ts'
import { kernelChecksum, plainChecksum } from '../../lib/shard/checksum.ts'
import { Kernel } from '../../lib/shard/kernel.ts'

const kernel = () => new Kernel({ lookup: () => -1, learn: () => -2 }, [1, 2])

/** Bytes that look random and depend on the seed only. */
function noise(bytes: Uint8Array, seed: number): void {
  let state = seed | 1
  for (let at = 0; at < bytes.length; at++) {
    state = Math.imul(state, 0x2c1b3c6d) ^ (state >>> 15)
    bytes[at] = state >>> 11
  }
}

test('the checksum of any text in kernel memory, after any text, is that of zlib', t => {
  const owner = kernel()
  const checksum = kernelChecksum(owner)
  const text = fc.record({
    at: fc.nat(1000),
    length: fc.oneof(fc.nat(60_000), fc.nat(400_000)),
    seed: fc.nat(),
    before: fc.nat(0xffffffff),
  })
  const property = fc.property(text, ({ at, length, seed, before }) => {
    const start = WINDOW_AT + at
    const bytes = owner.bytes.subarray(start, start + length)
    noise(bytes, seed)
    t.is(checksum(owner.bytes, start, start + length, before), crc32(bytes, before))
  })
  fc.assert(property, { numRuns: 300 })
})

test('texts of every length around the limits and the batches of folding have the checksum of zlib', t => {
  const owner = kernel()
  const checksum = kernelChecksum(owner)
  noise(owner.bytes.subarray(WINDOW_AT, WINDOW_AT + 100_000), 7)
  const near = [FOLD_TEXT_BYTES_MIN, FOLD_BYTES, 2 * FOLD_BYTES]
  for (const middle of near) {
    for (let length = middle - 40; length < middle + 40; length++) {
      const text = owner.bytes.subarray(WINDOW_AT, WINDOW_AT + length)
      t.is(checksum(owner.bytes, WINDOW_AT, WINDOW_AT + length, 0), crc32(text), `${length} bytes`)
    }
  }
})

test('the text itself stays as it is', t => {
  const owner = kernel()
  noise(owner.bytes.subarray(WINDOW_AT, WINDOW_AT + WINDOW_BYTES), 3)
  const before = Buffer.from(owner.bytes.subarray(0, FOLD_AT))
  kernelChecksum(owner)(owner.bytes, WINDOW_AT, WINDOW_AT + WINDOW_BYTES, 0)
  t.true(before.equals(owner.bytes.subarray(0, FOLD_AT)))
})

test('text in other memory gets its checksum too', t => {
  const text = Buffer.alloc(50_000, 'up 1\n')
  t.is(kernelChecksum(kernel())(text, 10, 40_000, 5), crc32(text.subarray(10, 40_000), 5))
  t.is(plainChecksum(text, 0, text.length, 0), crc32(text))
})
