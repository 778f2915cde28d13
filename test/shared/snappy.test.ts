import test from 'ava'
import fc from 'fast-check'
import { compressSync } from 'snappy'
import { BodyInvalid } from '../../shared/body-invalid.ts'
import { decodeSnappy } from '../../shared/snappy.ts'

const BYTES_MAX = 1 << 20

/** Bytes with repetitions near and far, so that all kinds of copies come. */
const compressible = fc
  .array(
    fc.tuple(
      fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 3000 })),
      fc.integer({ min: 1, max: 60 }),
    ),
    { maxLength: 12 },
  )
  .map(parts => Buffer.concat(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => bytes))))

/** Gives the result, or undefined for an error that garbage may cause. */
function tryDecode(input: Uint8Array, bytesMax = BYTES_MAX): Uint8Array | undefined {
  try {
    return decodeSnappy(input, bytesMax)
  } catch (error) {
    if (!(error instanceof BodyInvalid)) throw error
    return undefined
  }
}

test('what snappy compressed is decoded', t => {
  fc.assert(
    fc.property(compressible, bytes => {
      t.true(bytes.equals(decodeSnappy(compressSync(bytes), bytes.length)))
    }),
  )
})

test('large incompressible bytes, whose literals need a length of several bytes, are decoded', t => {
  let state = 1
  const bytes = Buffer.alloc(300_000)
  for (let index = 0; index < bytes.length; index++) {
    state = Math.imul(state, 1_664_525) + 1_013_904_223
    bytes[index] = state >>> 24
  }
  t.true(bytes.equals(decodeSnappy(compressSync(bytes), bytes.length)))
})

test('each kind of element is decoded', t => {
  const decode = (...bytes: number[]) => Buffer.from(decodeSnappy(Uint8Array.from(bytes), 100)).toString()
  t.is(decode(0), '')
  t.is(decode(3, 2 << 2, 97, 98, 99), 'abc')
  t.is(decode(3, 60 << 2, 2, 97, 98, 99), 'abc', 'a length in one byte')
  t.is(decode(3, 63 << 2, 2, 0, 0, 0, 97, 98, 99), 'abc', 'a length in four bytes')
  t.is(decode(7, 2 << 2, 97, 98, 99, 0b01, 3), 'abcabca', 'an overlapping copy with one byte of offset')
  t.is(decode(5, 2 << 2, 97, 98, 99, (1 << 2) | 0b10, 2, 0), 'abcbc', 'a copy with two bytes of offset')
  t.is(decode(5, 2 << 2, 97, 98, 99, (1 << 2) | 0b11, 3, 0, 0, 0), 'abcab', 'a copy with four bytes of offset')
})

const refuses = test.macro({
  title: (_, what: string) => `${what} is refused with its place`,
  exec(t, _: string, input: readonly number[], offset: number) {
    const error = t.throws(() => decodeSnappy(Uint8Array.from(input), 100), { instanceOf: BodyInvalid })
    t.is(error?.code, 'BODY_INVALID')
    t.is(error?.offset, offset)
    t.regex(error!.message, new RegExp(`at byte ${offset}$`))
  },
})
test(refuses, 'nothing at all', [], 0)
test(refuses, 'a length without an end', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80], 0)
test(refuses, 'a length above the limit', [101, 24 << 2, ...Array(25).fill(0)], 0)
test(refuses, 'a length that no elements of this size can give', [50, 0, 97], 0)
test(refuses, 'a literal beyond the end', [3, 2 << 2, 97, 98], 1)
test(refuses, 'a literal whose length is cut', [3, 61 << 2, 2], 1)
test(refuses, 'a copy without its offset', [5, 0, 97, (3 << 2) | 0b10, 1], 3)
test(refuses, 'a copy from before the beginning', [5, 0, 97, 0b01, 2], 3)
test(refuses, 'a copy from where it writes', [5, 0, 97, 0b01, 0], 3)
test(refuses, 'more than was promised', [2, 2 << 2, 97, 98, 99], 1)
test(refuses, 'less than was promised', [4, 2 << 2, 97, 98, 99], 1)

test('garbage gives an error or bytes within the limits, and never allocates for an empty promise', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5000), (input, bytesMax) => {
      const decoded = tryDecode(input, bytesMax)
      t.true((decoded?.length ?? 0) <= Math.min(bytesMax, input.length * 22))
    }),
    { numRuns: 2000 },
  )
})

test('a damaged block gives an error or other bytes of the same length', t => {
  fc.assert(
    fc.property(compressible, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, place, flip) => {
      const block = compressSync(bytes)
      const lengthBytes = bytes.length < 128 ? 1 : bytes.length < 16384 ? 2 : 3
      if (block.length === lengthBytes) return
      block[lengthBytes + (place % (block.length - lengthBytes))]! ^= flip
      const decoded = tryDecode(block)
      t.true(decoded === undefined || decoded.length === bytes.length)
    }),
  )
})

test('a cut block is always refused', t => {
  fc.assert(
    fc.property(compressible, fc.nat(), (bytes, place) => {
      if (bytes.length === 0) return
      const block = compressSync(bytes)
      t.is(tryDecode(block.subarray(0, place % block.length)), undefined)
    }),
  )
})
