import test from 'ava'
import fc from 'fast-check'
import { type ParsedKey, parseKey } from '../../../lib/shard/learn/parse-key.ts'
import { parseExposition } from '../../kernel/reference.ts'

const encoder = new TextEncoder()

function parse(text: string): ParsedKey | undefined {
  const bytes = encoder.encode(`before${text}after`)
  return parseKey(bytes, 6, bytes.length - 5)
}

test('a name alone is a key, with a blank behind it or not', t => {
  t.deepEqual(parse('up '), { name: 'up', labels: [] })
  t.deepEqual(parse(' ünïbare\t'), { name: 'ünïbare', labels: [] })
  t.is(parse('two names '), undefined)
  t.is(parse(' '), undefined)
})

test('labels keep their order, and empty values', t => {
  t.deepEqual(parse('m{b="1",a="",__x="2"}'), {
    name: 'm',
    labels: [
      { name: 'b', value: '1' },
      { name: 'a', value: '' },
      { name: '__x', value: '2' },
    ],
  })
})

test('a quoted string among the labels is the name if none stands in front', t => {
  t.is(parse('{"my.metric",a="b"}')!.name, 'my.metric')
  t.is(parse('{a="b" , "late.name"}')!.name, 'late.name')
  t.is(parse('m{"x"}'), undefined)
  t.is(parse('{"x","y"}'), undefined)
  t.is(parse('{a="b"}'), undefined)
})

test('only backslash, quote and line feed have escapes', t => {
  t.deepEqual(parse(String.raw`{"a\"\\\n\q","l\"x"="\\n\t"}`), {
    name: 'a"\\\n\\q',
    labels: [{ name: 'l"x', value: '\\n\\t' }],
  })
})

test('a label named __name__ is the name', t => {
  t.deepEqual(parse('m{__name__="other",a="b"}'), { name: 'other', labels: [{ name: 'a', value: 'b' }] })
  t.deepEqual(parse('m{__name__=""}'), { name: 'm', labels: [] })
})

test('a line that repeats a label is invalid, unless one of them is empty', t => {
  t.is(parse('m{a="1",a="2"}'), undefined)
  t.is(parse('m{a="1",a="1"}'), undefined)
  t.deepEqual(parse('m{a="",a="1",a=""}')!.labels, [{ name: 'a', value: '1' }])
})

test('bytes that are not UTF-8 are replaced, a byte order mark is kept', t => {
  const bytes = Uint8Array.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x7b, 0x7d])
  t.is(parseKey(bytes, 0, bytes.length)!.name, '\ufeffa\ufffd')
})

test('nothing may stand behind the labels', t => {
  t.is(parse('m{a="b"}x'), undefined)
  t.is(parse('m{a="b"'), undefined)
  t.not(parse('m{a="b"} '), undefined)
})

test('any key is read as the reference reads its line', t => {
  const token = fc.constantFrom(
    '{',
    '}',
    '"',
    '\\',
    '=',
    ',',
    ' ',
    '\t',
    'a',
    'm',
    'ü',
    '""',
    '"x"',
    'a="b"',
    'c = "d"',
    '__name__',
  )
  const labels = fc.array(token, { maxLength: 12 }).map(tokens => tokens.join(''))
  fc.assert(
    fc.property(fc.constantFrom('', 'm', 'm ', ' m.x\t', '"m"'), labels, (name, labels) => {
      const key = `${name}{${labels}}`
      // What the parser is given ends with the brace that ends the labels, which is for its caller to find.
      const line = parseExposition(`${key} 1`).lines[0]
      const parsed = parse(key)
      if (parsed === undefined) {
        t.true(line === undefined || line.value !== 1 || endsEarly(key), key)
        return
      }
      t.deepEqual(parsed, { name: line!.name, labels: line!.labels.map(label => ({ ...label })) }, key)
    }),
    { numRuns: 5000 },
  )
})

/** Whether the labels end at a brace before the last one. */
function endsEarly(key: string): boolean {
  for (let end = key.indexOf('}'); end < key.length - 1; end = key.indexOf('}', end + 1)) {
    if (end < 0) return false
    if (parse(key.slice(0, end + 1)) !== undefined) return true
  }
  return false
}
