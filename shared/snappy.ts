import { BodyInvalid } from './body-invalid.ts'

/*
 * The snappy block format: the decoded length as a varint, then elements. The two low bits of an element's tag:
 *
 *   00  literal  tag >> 2 is length - 1; from 60 on, tag - 59 bytes of length - 1 follow; then the bytes themselves
 *   01  copy     length 4 to 11 in 3 bits, offset in the tag's upper 3 bits and 1 byte
 *   10  copy     length 1 to 64 in 6 bits, offset in 2 bytes
 *   11  copy     length 1 to 64 in 6 bits, offset in 4 bytes
 */
const LITERAL = 0
const COPY_SHORT = 1
const LITERAL_IN_TAG_MAX = 60

/** The densest element, a copy of 64 bytes, takes 3: a body that promises more than this many times itself is garbage. */
const EXPANSION_MAX = 64 / 3

/**
 * What a block says of its decoded length, which may be a lie.
 *
 * @throws {BodyInvalid} it does not begin with a length
 */
export function snappyLength(input: Uint8Array): number {
  return readLength(input).value
}

/** Where decoding stands. */
type Cursor = { readonly input: Uint8Array; readonly output: Uint8Array; inputAt: number; outputAt: number }

/**
 * Decodes one snappy block.
 *
 * @returns at most `decodedBytesMax` bytes, and at most 22 times as many as `input` has
 * @throws {BodyInvalid} garbage, or more than `decodedBytesMax`
 */
export function decodeSnappy(input: Uint8Array, decodedBytesMax: number): Uint8Array {
  const { value: decodedBytes, end } = readLength(input)
  const bytesMax = Math.min(decodedBytesMax, Math.floor((input.length - end) * EXPANSION_MAX))
  if (decodedBytes > bytesMax) throw new BodyInvalid(`a length of ${decodedBytes}, above ${bytesMax},`, 0)
  const cursor: Cursor = { input, output: new Uint8Array(decodedBytes), inputAt: end, outputAt: 0 }
  while (cursor.inputAt < input.length) {
    const tag = input[cursor.inputAt]!
    if ((tag & 3) === LITERAL) literal(cursor, tag)
    else copy(cursor, tag)
  }
  if (cursor.outputAt < decodedBytes) throw new BodyInvalid(`only ${cursor.outputAt} of ${decodedBytes} bytes`, end)
  return cursor.output
}

/** A varint of up to 32 bits. */
function readLength(input: Uint8Array): { value: number; end: number } {
  let value = 0
  for (let end = 0; end < Math.min(input.length, 5); end++) {
    value += (input[end]! & 0x7f) * 2 ** (7 * end)
    if (input[end]! < 0x80) return { value, end: end + 1 }
  }
  throw new BodyInvalid('no length', 0)
}

function literal(cursor: Cursor, tag: number): void {
  const lengthBytes = Math.max(0, (tag >> 2) - LITERAL_IN_TAG_MAX + 1)
  const length = 1 + (lengthBytes === 0 ? tag >> 2 : littleEndian(cursor, lengthBytes))
  const start = cursor.inputAt + 1 + lengthBytes
  if (start + length > cursor.input.length) throw new BodyInvalid('a cut literal', cursor.inputAt)
  needRoom(cursor, length)
  cursor.output.set(cursor.input.subarray(start, start + length), cursor.outputAt)
  cursor.outputAt += length
  cursor.inputAt = start + length
}

function copy(cursor: Cursor, tag: number): void {
  const { output, outputAt } = cursor
  const isShort = (tag & 3) === COPY_SHORT
  const offsetBytes = isShort ? 1 : (tag & 3) === 2 ? 2 : 4
  const length = isShort ? 4 + ((tag >> 2) & 7) : 1 + (tag >> 2)
  const offset = littleEndian(cursor, offsetBytes) + (isShort ? (tag >> 5) << 8 : 0)
  if (offset === 0 || offset > outputAt) throw new BodyInvalid(`a copy from ${offset} bytes before`, cursor.inputAt)
  needRoom(cursor, length)
  // Byte by byte, since a copy may read what it has just written: that is how snappy repeats a pattern.
  for (let at = outputAt; at < outputAt + length; at++) output[at] = output[at - offset]!
  cursor.outputAt += length
  cursor.inputAt += 1 + offsetBytes
}

/** The number in the `bytes` bytes after the tag. */
function littleEndian({ input, inputAt }: Cursor, bytes: number): number {
  if (inputAt + bytes >= input.length) throw new BodyInvalid('a cut element', inputAt)
  let value = 0
  for (let index = bytes; index > 0; index--) value = value * 256 + input[inputAt + index]!
  return value
}

function needRoom(cursor: Cursor, length: number): void {
  if (cursor.outputAt + length <= cursor.output.length) return
  throw new BodyInvalid(`more than the ${cursor.output.length} bytes that the body promises`, cursor.inputAt)
}
