import { fieldBytes, ProtobufWriter } from './protobuf.ts'

/** `MetricMetadata.MetricType` of remote write by its name in a TYPE line. */
const TYPES: ReadonlyMap<string, number> = new Map([
  ['unknown', 0],
  ['untyped', 0],
  ['counter', 1],
  ['gauge', 2],
  ['histogram', 3],
  ['gaugehistogram', 4],
  ['summary', 5],
  ['info', 6],
  ['stateset', 7],
])

const REQUEST_METADATA = 3
const METADATA_TYPE = 1
const METADATA_FAMILY = 2
const METADATA_HELP = 4

/** What one target may say about its metrics; the rest is left out. */
const FAMILIES_MAX = 20_000
const TEXT_BYTES_MAX = 4 * 1024 * 1024
/** Name and help of one metric; more is left out, so that it always fits into a piece. */
const FAMILY_BYTES_MAX = 32 * 1024
/** Pieces are no larger. */
const PIECE_BYTES_MAX = 64 * 1024

/** What is known of one metric family. */
export type FamilyMetadata = { readonly type: number; readonly help: string }

export type NamedMetadata = [name: string, metadata: FamilyMetadata]

const NOTHING: FamilyMetadata = { type: 0, help: '' }

/** Types and help texts by metric name; of several for one name, the last. Bounded in number and size. */
export class MetadataMap {
  readonly #families = new Map<string, FamilyMetadata>()
  #textBytes = 0
  #leftOut = 0

  get size(): number {
    return this.#families.size
  }

  /** Lines that were left out because a limit was reached. */
  get leftOut(): number {
    return this.#leftOut
  }

  [Symbol.iterator](): IterableIterator<NamedMetadata> {
    return this.#families.entries()
  }

  setType(name: string, type: number): void {
    this.#set(name, { ...(this.#families.get(name) ?? NOTHING), type })
  }

  setHelp(name: string, help: string): void {
    this.#set(name, { ...(this.#families.get(name) ?? NOTHING), help })
  }

  #set(name: string, metadata: FamilyMetadata): void {
    const before = this.#families.get(name)
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(metadata.help)
    const bytesBefore = before === undefined ? 0 : Buffer.byteLength(name) + Buffer.byteLength(before.help)
    const textBytes = this.#textBytes + bytes - bytesBefore
    const isTooMuch =
      bytes > FAMILY_BYTES_MAX ||
      textBytes > TEXT_BYTES_MAX ||
      (before === undefined && this.#families.size === FAMILIES_MAX)
    if (isTooMuch) {
      this.#leftOut++
      return
    }
    this.#textBytes = textBytes
    this.#families.set(name, metadata)
  }
}

const HASH = 0x23
const LF = 0x0a
const CR = 0x0d

/** As vmagent has it: exactly one space in front, a blank behind each word, and nothing behind a type. */
const COMMENT = /^# (HELP|TYPE)[ \t]([^ \t]+)[ \t](.*)$/s
const ESCAPE = /\\([\\"n])/g

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Collects what the comments of a text exposition say: `# HELP name text` and `# TYPE name type`. Lines of an unknown
 * type, and other comments, say nothing.
 *
 * @param text holds whole lines from `start` to `end`; the last one may lack its line feed
 */
export function scanMetadata(text: Uint8Array, start: number, end: number, into: MetadataMap): void {
  const lines = text.subarray(start, end)
  let next = 0
  for (let hash = lines.indexOf(HASH); hash >= 0; hash = lines.indexOf(HASH, next)) {
    next = hash + 1
    // Most of these are told apart here: a number sign in a label or help text.
    if (!isFirstOfLine(lines, hash) || lines[hash + 1] !== 0x20) continue
    const feed = lines.indexOf(LF, hash)
    next = feed < 0 ? lines.length : feed
    const last = lines[next - 1] === CR ? next - 1 : next
    readComment(decoder.decode(lines.subarray(hash, last)), into)
  }
}

function isFirstOfLine(lines: Uint8Array, at: number): boolean {
  let before = at - 1
  while (lines[before] === 0x20 || lines[before] === 0x09) before--
  return before < 0 || lines[before] === LF
}

function readComment(line: string, into: MetadataMap): void {
  const match = COMMENT.exec(line)
  if (match === null) return
  const [, keyword, name, rest] = match as unknown as [string, string, string, string]
  if (keyword === 'HELP') {
    into.setHelp(
      name,
      rest.replace(ESCAPE, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    )
    return
  }
  const type = TYPES.get(rest)
  if (type !== undefined) into.setType(name, type)
}

/**
 * Metadata as protobuf: the fields `metadata` of a WriteRequest, one behind the other, in pieces of whole fields of
 * 64 KiB at most.
 */
export function encodeMetadata(map: Iterable<NamedMetadata>): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let families: NamedMetadata[] = []
  let pieceBytes = 0
  for (const family of map) {
    const bytes = fieldBytes(contentBytes(...family))
    if (pieceBytes + bytes > PIECE_BYTES_MAX) {
      pieces.push(encodePiece(families, pieceBytes))
      families = []
      pieceBytes = 0
    }
    families.push(family)
    pieceBytes += bytes
  }
  if (families.length > 0) pieces.push(encodePiece(families, pieceBytes))
  return pieces
}

function contentBytes(name: string, { type, help }: FamilyMetadata): number {
  const typeBytes = type === 0 ? 0 : 2
  const helpBytes = help === '' ? 0 : fieldBytes(Buffer.byteLength(help))
  return typeBytes + fieldBytes(Buffer.byteLength(name)) + helpBytes
}

function encodePiece(families: readonly NamedMetadata[], sizeBytes: number): Uint8Array {
  const writer = new ProtobufWriter(sizeBytes)
  for (const [name, metadata] of families) {
    writer.message(REQUEST_METADATA, contentBytes(name, metadata))
    if (metadata.type !== 0) writer.integer(METADATA_TYPE, metadata.type)
    writer.string(METADATA_FAMILY, name)
    if (metadata.help !== '') writer.string(METADATA_HELP, metadata.help)
  }
  return writer.finish()
}
