import { BodyInvalid } from '../../shared/body-invalid.ts'

/*
 * The part of remote write 1.0 that is looked at; all else is skipped:
 *
 *   WriteRequest { repeated TimeSeries timeseries = 1; }
 *   TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
 *   Label        { string name = 1; string value = 2; }
 *   Sample       { double value = 1; }
 */
const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2
const FIXED32 = 5

const tagOf = (field: number, wireType: number) => field * 8 + wireType
const FIRST_MESSAGE = tagOf(1, LENGTH_DELIMITED)
const SECOND_MESSAGE = tagOf(2, LENGTH_DELIMITED)
const FIRST_DOUBLE = tagOf(1, FIXED64)

/** By this one of the many NaNs Prometheus marks the end of a series. */
const STALE_MARKER_BITS = 0x7ff0000000000002n

/** A part of a body. */
type Range = { readonly start: number; readonly end: number }

export type WrittenSample = { readonly value: number; readonly isStaleMarker: boolean }

/** One series of a request, as a view of the request's bytes: valid while the bytes are. */
export type WrittenSeries = {
  readonly bytes: Buffer
  /** Each holds one label. */
  readonly labels: readonly Range[]
  readonly samples: readonly WrittenSample[]
}

/** A field, and where its content lies; of a field that is no message, `start` is where its number begins. */
type Field = Range & { readonly tag: number }

/**
 * The series of a decoded remote write request, one after the other.
 *
 * @throws {BodyInvalid} during iteration; what was given before is good
 */
export function* seriesOf(request: Uint8Array): Generator<WrittenSeries> {
  const bytes = Buffer.from(request.buffer, request.byteOffset, request.byteLength)
  for (const field of fieldsOf(bytes, 0, bytes.length)) {
    if (field.tag !== FIRST_MESSAGE) continue
    const labels: Range[] = []
    const samples: WrittenSample[] = []
    for (const part of fieldsOf(bytes, field.start, field.end)) {
      if (part.tag === FIRST_MESSAGE) labels.push(part)
      else if (part.tag === SECOND_MESSAGE) samples.push(sampleOf(bytes, part))
    }
    yield { bytes, labels, samples }
  }
}

/** Bytes that only this series has, as text: the same for each of its samples. */
export function identityOf({ bytes, labels }: WrittenSeries): string {
  return labels.length === 0 ? '' : bytes.toString('latin1', labels[0]!.start, labels.at(-1)!.end)
}

/** The labels as they came. @throws {BodyInvalid} */
export function labelsOf({ bytes, labels }: WrittenSeries): [name: string, value: string][] {
  return labels.map(range => {
    const label: [string, string] = ['', '']
    for (const { tag, start, end } of fieldsOf(bytes, range.start, range.end)) {
      if (tag === FIRST_MESSAGE) label[0] = bytes.toString('utf8', start, end)
      else if (tag === SECOND_MESSAGE) label[1] = bytes.toString('utf8', start, end)
    }
    return label
  })
}

/** A field that is absent is 0. */
function sampleOf(bytes: Buffer, sample: Range): WrittenSample {
  for (const { tag, start } of fieldsOf(bytes, sample.start, sample.end)) {
    if (tag !== FIRST_DOUBLE) continue
    // Asked of the bytes: a number in JavaScript need not keep the bits of a NaN.
    const isStaleMarker = bytes.readBigUInt64LE(start) === STALE_MARKER_BITS
    return { value: bytes.readDoubleLE(start), isStaleMarker }
  }
  return { value: 0, isStaleMarker: false }
}

function* fieldsOf(bytes: Buffer, from: number, to: number): Generator<Field> {
  for (let at = from; at < to; ) {
    const { value: tag, end: start } = readVarint(bytes, at, to)
    const content = contentOf(bytes, tag, start, to)
    if (content.end > to) throw new BodyInvalid('a cut field', at)
    yield { tag, ...content }
    at = content.end
  }
}

function contentOf(bytes: Buffer, tag: number, at: number, to: number): Range {
  switch (tag % 8) {
    case VARINT:
      return { start: at, end: readVarint(bytes, at, to).end }
    case FIXED64:
      return { start: at, end: at + 8 }
    case LENGTH_DELIMITED: {
      const { value: length, end: start } = readVarint(bytes, at, to)
      return { start, end: start + length }
    }
    case FIXED32:
      return { start: at, end: at + 4 }
    default:
      throw new BodyInvalid(`a field of wire type ${tag % 8}`, at)
  }
}

/** A varint of up to 64 bits; above 2^53 it is not exact, which no length or tag may be. */
function readVarint(bytes: Buffer, at: number, to: number): { value: number; end: number } {
  let value = 0
  for (let index = 0; index < 10 && at + index < to; index++) {
    const byte = bytes[at + index]!
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return { value, end: at + index + 1 }
  }
  throw new BodyInvalid('no number', at)
}
