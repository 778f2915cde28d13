const HT = 0x09
const LF = 0x0a
const CR = 0x0d
const SP = 0x20
const SEMICOLON = 0x3b

/** Chunk sizes below 2^52. */
const SIZE_DIGITS_MAX = 13
/** Of the line before a chunk, and of all trailers together. */
const LINE_BYTES_MAX = 16 * 1024

/** Where in the grammar (RFC 9112, 7.1) the next byte belongs. */
const State = {
  size: 0,
  extension: 1,
  sizeLf: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  trailer: 6,
  trailerLine: 7,
  trailerLineLf: 8,
  endLf: 9,
  ended: 10,
} as const
type State = (typeof State)[keyof typeof State]

/**
 * Finds the data in a body that comes in chunks, however it is cut:
 *
 *     at = chunks.seek(bytes, at, end)
 *     // `left` bytes of data follow, as many of them as are there belong to the body
 *     chunks.took(bytes)
 */
export class ChunkReader {
  /** Data of this chunk that is still to come. 0 after `seek`: the bytes are used up, the body has ended or is faulty. */
  left = 0
  /** Why the rest of the body cannot be understood. */
  fault: string | undefined
  #state: State = State.size
  #size = 0
  #digits = 0
  #lineBytes = 0

  get ended(): boolean {
    return this.#state === State.ended
  }

  /** A new body begins. */
  begin(): void {
    this.left = 0
    this.fault = undefined
    this.#state = State.size
    this.#size = 0
    this.#digits = 0
    this.#lineBytes = 0
  }

  /** Goes on until there is data, and gives the place. */
  seek(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end && this.#state !== State.data && this.#state !== State.ended && this.fault === undefined) {
      this.#next(bytes[at++]!)
    }
    return at
  }

  /** So much of the data was used. */
  took(bytes: number): void {
    this.left -= bytes
    if (this.left === 0) this.#state = State.dataCr
  }

  #next(byte: number): void {
    switch (this.#state) {
      case State.size:
        this.#sizeByte(byte)
        break
      case State.extension:
        this.#skip(byte, State.sizeLf)
        break
      case State.sizeLf:
        this.#expect(byte, LF, this.#size === 0 ? State.trailer : State.data)
        if (this.fault === undefined) this.left = this.#size
        this.#lineBytes = 0
        break
      case State.dataCr:
        this.#expect(byte, CR, State.dataLf)
        break
      case State.dataLf:
        this.#expect(byte, LF, State.size)
        this.#size = 0
        this.#digits = 0
        break
      case State.trailer:
        if (byte === CR) this.#state = State.endLf
        else this.#skip(byte, State.trailerLineLf, State.trailerLine)
        break
      case State.trailerLine:
        this.#skip(byte, State.trailerLineLf)
        break
      case State.trailerLineLf:
        this.#expect(byte, LF, State.trailer)
        break
      case State.endLf:
        this.#expect(byte, LF, State.ended)
        break
    }
  }

  #sizeByte(byte: number): void {
    const digit = hexDigit(byte)
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit
      this.#digits++
      if (this.#digits > SIZE_DIGITS_MAX) this.fault = 'the size of a chunk is too large'
    } else if (this.#digits === 0) {
      this.fault = 'a chunk has no size'
    } else if (byte === SEMICOLON || byte === SP || byte === HT || byte === CR) {
      this.#skip(byte, State.sizeLf, State.extension)
    } else {
      this.fault = 'the size of a chunk is not a number'
    }
  }

  /** Passes over the rest of a line, which means nothing to a fetch. */
  #skip(byte: number, atCr: State, before: State = this.#state): void {
    this.#lineBytes++
    this.#state = byte === CR ? atCr : before
    if (byte === LF) this.fault = 'a line between chunks ends without CR'
    else if (this.#lineBytes > LINE_BYTES_MAX) this.fault = 'the lines between chunks are too long'
  }

  #expect(byte: number, expected: number, next: State): void {
    if (byte === expected) this.#state = next
    else this.fault = 'a chunk does not end where its size says'
  }
}

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
