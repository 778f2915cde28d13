import test from 'ava'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { encodeMetadata, MetadataMap, scanMetadata } from '../../../lib/shard/learn/metadata.ts'

const { WriteRequest } = protobuf.parse(`
  syntax = "proto3";
  message WriteRequest { repeated Metadata metadata = 3; }
  message Metadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
`).root.nested as Record<string, protobuf.Type>

type Families = Record<string, [type: number, help: string]>

function scan(text: string, map = new MetadataMap()): Families {
  const bytes = Buffer.from(`# TYPE outside gauge\n${text}`)
  scanMetadata(bytes, 21, bytes.length, map)
  return Object.fromEntries(Array.from(map, ([name, { type, help }]) => [name, [type, help]]))
}

test('types and help texts are collected by name, wherever they stand', t => {
  const text =
    '# HELP a One.\na 1\n# TYPE b gauge\nb 2\n# TYPE a counter\n# HELP b Two.\n# HELP c Three.\n# TYPE d summary'
  t.deepEqual(scan(text), { a: [1, 'One.'], b: [2, 'Two.'], c: [0, 'Three.'], d: [5, ''] })
})

test('every type of the format has its number', t => {
  const types = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'untyped']
  const text = types.map(type => `# TYPE ${type} ${type}\n`).join('')
  t.deepEqual(
    Object.values(scan(text)).map(([type]) => type),
    [0, 1, 2, 3, 4, 5, 6, 7, 0],
  )
})

test('of several lines for one name the last counts', t => {
  t.deepEqual(scan('# HELP a first\n# HELP a second\n# TYPE a counter\n# TYPE a gauge\n'), { a: [2, 'second'] })
})

test('help texts have the escapes of labels and keep their blanks', t => {
  const escaped = String.raw`# HELP a one\ntwo \\ \" \q \\n`
  t.deepEqual(scan(`${escaped}\n# HELP b  two \t\n# HELP c \n# HELP d x\\`), {
    a: [0, 'one\ntwo \\ " \\q \\n'],
    b: [0, ' two \t'],
    c: [0, ''],
    d: [0, 'x\\'],
  })
})

test('a carriage return before the line feed is not part of the line', t => {
  t.deepEqual(scan('# HELP a x\r\n# TYPE a counter\r\n# HELP b x\r\r\n# TYPE c gauge\r\r\n# HELP d\r\n'), {
    a: [1, 'x'],
    b: [0, 'x\r'],
  })
})

test('lines that vmagent does not take for metadata are not', t => {
  const lines = `#HELP a x
#  HELP a x
#	HELP a x
# help a x
# HELPX a x
# HELP a
# HELP  a x
# UNIT a seconds
# TYPE a
# TYPE a${' '}
# TYPE a  counter
# TYPE a counter${' '}
# TYPE a Counter
# TYPE a nonsense
# TYPE a counter x
# HELP
# EOF
a{b="# HELP a x"} 1 # HELP a x
x # TYPE a counter`
  t.deepEqual(scan(lines), {})
})

test('blanks may stand in front, and tabs between words', t => {
  t.deepEqual(scan(' \t# HELP\ta\tx y\n# TYPE\ta\tcounter\n'), { a: [1, 'x y'] })
})

test('names are taken as they are', t => {
  t.deepEqual(scan('# TYPE a.b{c} gauge\n# HELP "q" x\n# HELP ünï Grüße\n'), {
    'a.b{c}': [2, ''],
    '"q"': [0, 'x'],
    ünï: [0, 'Grüße'],
  })
})

test('number and size are bounded, and what is left out is counted', t => {
  const many = new MetadataMap()
  scan(Array.from({ length: 20_005 }, (_, i) => `# TYPE m${i} gauge\n`).join(''), many)
  t.is(many.size, 20_000)
  t.is(many.leftOut, 5)
  scan('# HELP m7 known names may still change\n', many)
  t.is(many.leftOut, 5)

  const large = new MetadataMap()
  scan(Array.from({ length: 300 }, (_, i) => `# HELP m${i} ${'x'.repeat(20_000)}\n`).join(''), large)
  t.true(large.size < 210 && large.size > 200)
  t.is(large.size + large.leftOut, 300)

  const one = new MetadataMap()
  scan(`# HELP a ${'x'.repeat(33_000)}\n# TYPE a gauge\n`, one)
  t.is(one.leftOut, 1)
  t.deepEqual(scan('', one), { a: [2, ''] })
})

test('metadata is encoded as fields of a WriteRequest, in pieces that fit a record', t => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string().map(s => s.repeat(800)),
  )
  const family = fc.record({ name: fc.string({ minLength: 1 }), type: fc.nat(7), help: text })
  fc.assert(
    fc.property(fc.uniqueArray(family, { selector: f => f.name, maxLength: 40 }), families => {
      const map = new MetadataMap()
      for (const { name, type, help } of families) {
        map.setType(name, type)
        map.setHelp(name, help)
      }
      const pieces = encodeMetadata(map)
      t.true(pieces.every(piece => piece.length > 0 && piece.length <= 65536))
      const decoded = WriteRequest!.toObject(WriteRequest!.decode(Buffer.concat(pieces)), { defaults: true })
      const expected = Array.from(map, ([metricFamilyName, { type, help }]) => ({
        type,
        metricFamilyName,
        help,
        unit: '',
      }))
      t.deepEqual(decoded.metadata, expected)
    }),
    { numRuns: 50 },
  )
})

test('any text is scanned without harm', t => {
  const piece = fc.constantFrom('# HELP ', '# TYPE ', 'a', ' ', '\t', '\n', '\r', '#', 'counter', '\\', 'ü', '{', '"')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), pieces => {
      for (const [name] of Object.entries(scan(pieces.join('')))) t.regex(name, /^[^ \t\n]+$/)
      t.pass()
    }),
  )
})
