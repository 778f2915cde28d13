import test from 'ava'
import fc from 'fast-check'
import { FetchMemory } from '../../lib/shard/fetch-memory.ts'
import { Pieces } from '../../lib/shard/pieces.ts'

test('what was appended comes back in order, however it was cut and whenever it is looked at', t => {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom(4095, 4096, 4097, 16_384, 40_000) },
  )
  const run = fc.tuple(piece, fc.integer({ min: 1, max: 60 }), fc.boolean())
  const memory = new FetchMemory()
  const body = new Pieces(memory)
  const property = fc.property(fc.array(run, { maxLength: 20 }), runs => {
    const expected: Buffer[] = []
    for (const [bytes, times, look] of runs) {
      for (let i = 0; i < times; i++) {
        const read = Buffer.alloc(bytes + 7, expected.length % 251)
        expected.push(Buffer.from(read.subarray(3, bytes + 3)))
        body.append(read, 3, bytes + 3)
        read.fill(0xff)
      }
      if (look) t.true(Buffer.concat(body.pieces).equals(Buffer.concat(expected)))
    }
    const whole = Buffer.concat(expected)
    t.is(body.sizeBytes, whole.length)
    t.true(Buffer.concat(body.pieces).equals(whole))
    t.true(body.pieces.every(bytes => bytes.length > 0))
    body.clear()
    t.is(body.sizeBytes, 0)
    t.deepEqual(body.pieces, [])
  })
  fc.assert(property, { numRuns: 50 })
})

test('bodies share no memory as long as both are kept', t => {
  const memory = new FetchMemory()
  const bodies = Array.from({ length: 5 }, () => new Pieces(memory))
  for (let round = 0; round < 3; round++) {
    for (const [index, body] of bodies.entries()) {
      body.clear()
      const bytes = Buffer.alloc(index * 9000 + 10, round * 10 + index)
      body.append(bytes, 0, bytes.length)
    }
    for (const [index, body] of bodies.entries()) {
      t.true(Buffer.concat(body.pieces).every(byte => byte === round * 10 + index))
    }
  }
})

test('a small body takes a small buffer, a larger one takes large ones, and all come back', t => {
  const memory = new FetchMemory()
  const body = new Pieces(memory)
  body.append(Buffer.alloc(2000), 0, 2000)
  body.clear()
  t.is(memory.small.freeBytes, 4096)
  t.is(memory.large.freeBytes, 0)
  for (let i = 0; i < 10; i++) body.append(Buffer.alloc(5000), 0, 5000)
  t.is(body.pieces.length, 4)
  body.clear()
  t.is(memory.large.freeBytes, 4 * 16_384)
})
