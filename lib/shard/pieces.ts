/** Pieces below this size are small. */
const SMALL_BYTES = 4096

/** So many small pieces of a body are kept as they came; it is those of the usual body. */
const SMALL_PIECES_MAX = 16

const GATHER_BYTES = 16 * 1024

/**
 * A body in the pieces that it came in. Further small pieces are gathered into larger ones: each costs a buffer object
 * of a hundred bytes and more, which a server that sends a few bytes at a time would multiply.
 */
export class Pieces {
  sizeBytes = 0
  #pieces: Uint8Array[] = []
  #smallPieces = 0
  /** The last piece, if it is one that is being gathered: `#gathered` of its bytes are used. */
  #gather: Uint8Array | undefined
  #gathered = 0

  /** All that was appended, in order. Valid until the next call. */
  get pieces(): readonly Uint8Array[] {
    this.#endGathering()
    return this.#pieces
  }

  /** @param piece kept; its owner must not write to it any more */
  append(piece: Uint8Array): void {
    this.sizeBytes += piece.length
    if (piece.length >= SMALL_BYTES || this.#smallPieces < SMALL_PIECES_MAX) {
      if (piece.length < SMALL_BYTES) this.#smallPieces++
      this.#endGathering()
      this.#pieces.push(piece)
      return
    }
    if (this.#gather === undefined || this.#gathered + piece.length > GATHER_BYTES) {
      this.#endGathering()
      this.#gather = new Uint8Array(GATHER_BYTES)
    }
    this.#gather.set(piece, this.#gathered)
    this.#gathered += piece.length
  }

  clear(): void {
    this.sizeBytes = 0
    this.#pieces = []
    this.#smallPieces = 0
    this.#gather = undefined
    this.#gathered = 0
  }

  #endGathering(): void {
    if (this.#gather === undefined) return
    this.#pieces.push(this.#gather.subarray(0, this.#gathered))
    this.#gather = undefined
    this.#gathered = 0
  }
}
