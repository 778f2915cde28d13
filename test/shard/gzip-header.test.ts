import { gzipSync } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { GzipHeader } from '../../lib/shard/gzip-header.ts'

/** A header as RFC 1952 has it. */
function headerOf(fields: { extra?: Uint8Array; name?: string; comment?: string; crc?: boolean }): Buffer {
  const { extra, name, comment, crc } = fields
  const flags = (crc ? 2 : 0) | (extra ? 4 : 0) | (name === undefined ? 0 : 8) | (comment === undefined ? 0 : 16)
  const parts = [Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255])]
  if (extra) parts.push(Buffer.from([extra.length & 0xff, extra.length >> 8]), Buffer.from(extra))
  for (const text of [name, comment]) if (text !== undefined) parts.push(Buffer.from(`${text}\0`, 'latin1'))
  if (crc) parts.push(Buffer.from([9, 9]))
  return Buffer.concat(parts)
}

const text = fc.string({ maxLength: 30 }).map(value => value.replaceAll('\0', '-'))
const fields = fc.record(
  { extra: fc.uint8Array({ maxLength: 300 }), name: text, comment: text, crc: fc.boolean() },
  { requiredKeys: [] },
)

test('any header is passed over to its last byte, however it is cut, and the next one as well', t => {
  const header = new GzipHeader()
  const property = fc.property(fields, fc.integer({ min: 1, max: 7 }), (present, step) => {
    const bytes = headerOf(present)
    const input = Buffer.concat([bytes, Buffer.from('deflated data')])
    header.begin()
    t.true(header.isUntouched)
    let at = 0
    while (!header.isComplete) {
      const piece = input.subarray(at, at + step)
      const read = header.read(piece, 0)
      t.true(read > 0)
      at += read
    }
    t.is(at, bytes.length)
    t.is(header.fault, undefined)
  })
  fc.assert(property, { numRuns: 300 })
})

test('what gzip writes is a header', t => {
  const header = new GzipHeader()
  header.begin()
  t.is(header.read(gzipSync('up 1\n'), 0), 10)
  t.true(header.isComplete)
})

for (const [name, at, byte, fault] of [
  ['another magic number', 0, 0x50, /incorrect header check/],
  ['half a magic number', 1, 0x8c, /incorrect header check/],
  ['another method', 2, 7, /compression method 7/],
  ['flags that nobody knows', 3, 0x20, /flags/],
] as const) {
  test(`${name} is a fault`, t => {
    const bytes = headerOf({})
    bytes[at] = byte
    const header = new GzipHeader()
    header.begin()
    t.is(header.read(bytes, 0), at + 1)
    t.regex(header.fault!, fault)
    t.false(header.isComplete)
  })
}
