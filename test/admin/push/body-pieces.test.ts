import test from 'ava'
import fc from 'fast-check'
import { bodyPieces, PIECE_BYTES_MAX } from '../../../lib/admin/push/body-pieces.ts'

async function piecesOf(chunks: readonly Buffer[], sizeBytes: number | undefined) {
  const pieces: { readonly bytes: Buffer; readonly memory: ArrayBuffer; readonly isLast: boolean }[] = []
  const source = (async function* () {
    yield* chunks
  })()
  for await (const { piece, isLast } of bodyPieces(source, sizeBytes)) {
    pieces.push({ bytes: Buffer.from(piece), memory: piece.buffer, isLast })
  }
  return pieces
}

test('a small body is one piece, with memory of just its size if that is known', async t => {
  const body = [Buffer.from('ab'), Buffer.from('c')]
  for (const sizeBytes of [3, undefined]) {
    const [piece, ...more] = await piecesOf(body, sizeBytes)
    t.is(more.length, 0)
    t.is(piece!.bytes.toString(), 'abc')
    t.true(piece!.isLast)
    if (sizeBytes !== undefined) t.is(piece!.memory.byteLength, 3)
  }
})

test('a body without a byte is one empty piece', async t => {
  for (const sizeBytes of [0, undefined]) {
    const pieces = await piecesOf([], sizeBytes)
    t.deepEqual(
      pieces.map(({ bytes, isLast }) => [bytes.length, isLast]),
      [[0, true]],
    )
  }
})

test('a body that just fills its pieces ends with the last of them', async t => {
  const body = Buffer.alloc(2 * PIECE_BYTES_MAX, 'x')
  for (const sizeBytes of [body.length, undefined]) {
    const pieces = await piecesOf([body], sizeBytes)
    t.deepEqual(
      pieces.map(({ bytes, isLast }) => [bytes.length, isLast]),
      [
        [PIECE_BYTES_MAX, false],
        [PIECE_BYTES_MAX, true],
      ],
    )
  }
})

test('pieces are the body, have memory of their own, and only the last one may be short', async t => {
  const chunk = fc
    .tuple(fc.integer({ min: 0, max: 150_000 }), fc.nat(255))
    .map(([size, fill]) => Buffer.alloc(size, fill))
  await fc.assert(
    fc.asyncProperty(
      fc.array(chunk, { maxLength: 6 }),
      fc.constantFrom('none', 'right', 'wrong'),
      async (chunks, said) => {
        const body = Buffer.concat(chunks)
        const sizeBytes = { none: undefined, right: body.length, wrong: 10 }[said]
        const pieces = await piecesOf(chunks, sizeBytes)
        t.true(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(body))
        t.is(new Set(pieces.map(({ memory }) => memory)).size, pieces.length)
        t.deepEqual(
          pieces.map(({ isLast }) => isLast),
          pieces.map((_, index) => index === pieces.length - 1),
        )
        for (const { bytes, isLast } of pieces) t.true(isLast || bytes.length === PIECE_BYTES_MAX)
      },
    ),
  )
})
