import type { PushPiece } from '../../../shared/protocol.ts'

/** What a shard takes at a time: scrapes that are due meanwhile wait for no longer than that needs. */
export const PIECE_BYTES_MAX = 64 * 1024
const PIECE_BYTES_MIN = 4 * 1024
const GROWTH = 4

/**
 * A body in pieces of memory that can be handed to another thread. The chunks that a connection delivers cannot: they
 * share their memory with others.
 *
 * @param sizeBytes what the client says; undefined if it does not know
 */
export async function* bodyPieces(
  chunks: AsyncIterable<Buffer>,
  sizeBytes: number | undefined,
): AsyncGenerator<PushPiece, void, void> {
  const firstBytes = Math.min(sizeBytes ?? PIECE_BYTES_MIN, PIECE_BYTES_MAX)
  let piece = Buffer.allocUnsafeSlow(firstBytes)
  let filled = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === PIECE_BYTES_MAX) {
        yield { piece, isLast: false }
        piece = Buffer.allocUnsafeSlow(PIECE_BYTES_MAX)
        filled = 0
      } else if (filled === piece.length) piece = grown(piece)
      const copied = chunk.copy(piece, filled, at)
      filled += copied
      at += copied
    }
  }
  yield { piece: piece.subarray(0, filled), isLast: true }
}

function grown(piece: Buffer): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(piece.length * GROWTH, PIECE_BYTES_MIN), PIECE_BYTES_MAX))
  piece.copy(larger)
  return larger
}
