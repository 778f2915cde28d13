import assert from 'node:assert'

const WIRE_VARINT = 0
const WIRE_LENGTH = 2

/** Bytes of a field with so many bytes of content: tag, length and content. Field numbers are below 16. */
export function fieldBytes(contentBytes: number): number {
  return 1 + varintBytes(contentBytes) + contentBytes
}

/** A string of so many characters is faster written here than by a call into the runtime. */
const SHORT_TEXT = 64

/** Bytes of a string in UTF-8. */
export function textBytes(text: string): number {
  return isShortAscii(text) ? text.length : Buffer.byteLength(text)
}

function isShortAscii(text: string): boolean {
  if (text.length > SHORT_TEXT) return false
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

function varintBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5
}

/** Writes fields, whose numbers are below 16, into a buffer of exactly the size that its owner has worked out. */
export class ProtobufWriter {
  readonly #bytes: Buffer
  #at = 0

  constructor(sizeBytes: number) {
    this.#bytes = Buffer.allocUnsafe(sizeBytes)
  }

  /** Begins a message of `contentBytes`, whose fields must follow. */
  message(field: number, contentBytes: number): void {
    this.#varint((field << 3) | WIRE_LENGTH)
    this.#varint(contentBytes)
  }

  string(field: number, text: string): void {
    if (isShortAscii(text)) {
      this.message(field, text.length)
      for (let at = 0; at < text.length; at++) this.#bytes[this.#at++] = text.charCodeAt(at)
      return
    }
    this.message(field, Buffer.byteLength(text))
    this.#at += this.#bytes.write(text, this.#at)
  }

  /** `value` is below 2 ** 31. */
  integer(field: number, value: number): void {
    this.#varint((field << 3) | WIRE_VARINT)
    this.#varint(value)
  }

  finish(): Uint8Array {
    assert(this.#at === this.#bytes.length)
    return this.#bytes
  }

  #varint(value: number): void {
    for (; value > 0x7f; value >>>= 7) this.#bytes[this.#at++] = (value & 0x7f) | 0x80
    this.#bytes[this.#at++] = value
  }
}
