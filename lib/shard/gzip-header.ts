const ID1 = 0x1f
const ID2 = 0x8b
const METHOD_DEFLATE = 8
const FLAGS_AT = 3
const FIXED_BYTES = 10

const FLAG_HEADER_CRC = 0x02
const FLAG_EXTRA = 0x04
const FLAG_NAME = 0x08
const FLAG_COMMENT = 0x10
const FLAGS_RESERVED = 0xe0

/** What the next byte belongs to. */
const Part = { fixed: 0, extraLength: 1, extra: 2, name: 3, comment: 4, crc: 5, end: 6 } as const
type Part = (typeof Part)[keyof typeof Part]

/**
 * Passes over the header of a gzip member (RFC 1952, section 2.3), however its bytes are cut. Nothing in it matters here;
 * its own checksum, which hardly anyone writes, is not checked.
 */
export class GzipHeader {
  /** Why this is no header. */
  fault: string | undefined
  #part: Part = Part.fixed
  #flags = 0
  /** Bytes of the part that were read, and those of the extra field that are announced. */
  #bytes = 0
  #extraBytes = 0

  get isComplete(): boolean {
    return this.#part === Part.end
  }

  /** Not a byte was read. */
  get isUntouched(): boolean {
    return this.#part === Part.fixed && this.#bytes === 0
  }

  /** Expects the first byte of a header. */
  begin(): void {
    this.fault = undefined
    this.#part = Part.fixed
    this.#bytes = 0
    this.#extraBytes = 0
  }

  /** Reads to the end of the header at most, or up to a fault, and gives the place behind what was read. */
  read(input: Uint8Array, start: number): number {
    let at = start
    while (at < input.length && this.#part !== Part.end && this.fault === undefined) this.#take(input[at++]!)
    return at
  }

  #take(byte: number): void {
    const place = this.#bytes++
    switch (this.#part) {
      case Part.fixed:
        this.#takeFixed(byte, place)
        if (this.#bytes === FIXED_BYTES) this.#next()
        break
      case Part.extraLength:
        this.#extraBytes |= byte << (8 * place)
        if (this.#bytes === 2) this.#next()
        break
      case Part.extra:
        if (this.#bytes === this.#extraBytes) this.#next()
        break
      case Part.crc:
        if (this.#bytes === 2) this.#next()
        break
      default: // texts end with a zero
        if (byte === 0) this.#next()
    }
  }

  #takeFixed(byte: number, place: number): void {
    if (place < 2 && byte !== (place === 0 ? ID1 : ID2)) this.fault = 'incorrect header check'
    if (place === 2 && byte !== METHOD_DEFLATE) this.fault = `unknown compression method ${byte}`
    if (place !== FLAGS_AT) return
    this.#flags = byte
    if ((byte & FLAGS_RESERVED) !== 0) this.fault = 'unknown header flags set'
  }

  /** Goes on with the next part that is there. */
  #next(): void {
    this.#bytes = 0
    do this.#part = (this.#part + 1) as Part
    while (!this.#isPresent())
  }

  #isPresent(): boolean {
    switch (this.#part) {
      case Part.extraLength:
        return (this.#flags & FLAG_EXTRA) !== 0
      case Part.extra:
        return this.#extraBytes > 0
      case Part.name:
        return (this.#flags & FLAG_NAME) !== 0
      case Part.comment:
        return (this.#flags & FLAG_COMMENT) !== 0
      case Part.crc:
        return (this.#flags & FLAG_HEADER_CRC) !== 0
      default:
        return true
    }
  }
}
