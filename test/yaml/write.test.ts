import test from 'ava'
import fc from 'fast-check'
import { parse } from 'yaml'
import { writeFlowScalar, writeScalar } from '../../lib/yaml/write.ts'

const SCALARS: readonly (readonly [text: string, written: string])[] = [
  ['a', 'a'],
  ['go.*', 'go.*'],
  ['$1', '$1'],
  ['__meta_(.+)', '__meta_(.+)'],
  ['y"z', 'y"z'],
  ['x"<b>', 'x"<b>'],
  ['z z', 'z z'],
  ['', '""'],
  ['y', '"y"'],
  ['Off', '"Off"'],
  ['null', '"null"'],
  ['12', '"12"'],
  ['1e3', '"1e3"'],
  ['0x1F', '"0x1F"'],
  ['1:30', '"1:30"'],
  ['2001-01-02', '"2001-01-02"'],
  ['-', "'-'"],
  ['- a', "'- a'"],
  ['a: b', "'a: b'"],
  ['it: is', "'it: is'"],
  ["'x", "'''x'"],
  ['{a="b"}', '\'{a="b"}\''],
  ['a\nb', '"a\\nb"'],
]

for (const [text, written] of SCALARS) {
  test(`${JSON.stringify(text)} is written ${written}`, t => {
    t.is(writeScalar(text), written)
  })
}

test('what is written is read back as the same string, by either version of YAML', t => {
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^[-+.:\d_eExo#&*!|>'"%@`,[\]{}? \t\nyns~<=/]{0,8}$/),
    fc.constantFrom('.inf', '-.INF', '.NaN', '1_000', '0o17', '017', '<<', '=', '---', '...', '1.', '.5', '+1', '.'),
  )
  fc.assert(
    fc.property(texts, text => {
      for (const version of ['1.1', '1.2'] as const) {
        t.is(parse(`key: ${writeScalar(text)}\n`, { version }).key, text)
        t.deepEqual(parse(`key: [${writeFlowScalar(text)}, x]\n`, { version }).key, [text, 'x'])
        t.deepEqual(Object.keys(parse(`k:\n  ${writeScalar(text)}: v\n`, { version }).k), [text])
      }
    }),
    { numRuns: 5000 },
  )
})
