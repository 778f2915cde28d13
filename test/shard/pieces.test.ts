import test from 'ava'
import fc from 'fast-check'
import { Pieces } from '../../lib/shard/pieces.ts'

test('what was appended comes back in order, however it was cut and whenever it is looked at', t => {
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 }) },
    { weight: 1, arbitrary: fc.constantFrom(4095, 4096, 4097, 20_000) },
  )
  const run = fc.tuple(piece, fc.integer({ min: 1, max: 60 }), fc.boolean())
  const body = new Pieces()
  const property = fc.property(fc.array(run, { maxLength: 20 }), runs => {
    const expected: Uint8Array[] = []
    for (const [bytes, times, look] of runs) {
      for (let i = 0; i < times; i++) {
        const bytesOfPiece = new Uint8Array(bytes).fill(expected.length % 251)
        expected.push(bytesOfPiece)
        body.append(bytesOfPiece)
      }
      if (look) t.true(Buffer.concat(body.pieces).equals(Buffer.concat(expected)))
    }
    const whole = Buffer.concat(expected)
    t.is(body.sizeBytes, whole.length)
    t.true(Buffer.concat(body.pieces).equals(whole))
    body.clear()
    t.is(body.sizeBytes, 0)
    t.deepEqual(body.pieces, [])
  })
  fc.assert(property, { numRuns: 50 })
})

test('small pieces are gathered, large ones are kept as they are', t => {
  const body = new Pieces()
  for (let i = 0; i < 10_000; i++) body.append(Uint8Array.of(i))
  const large = new Uint8Array(5000)
  body.append(large)
  t.true(body.pieces.length < 20)
  t.is(body.pieces.at(-1), large)
})
