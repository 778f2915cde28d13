import test from 'ava'
import fc from 'fast-check'
import { escapeLabelValue } from '../../lib/admin/exposition.ts'
import { RelabelError } from '../../lib/relabel/error.ts'
import { parseSeries } from '../../lib/relabel/parse-series.ts'

const SERIES: readonly (readonly [text: string, labels: Readonly<Record<string, string>>])[] = [
  ['', {}],
  [' {} ', {}],
  ['m', { __name__: 'm' }],
  ['m{}', { __name__: 'm' }],
  ['m {a="1"}', { __name__: 'm', a: '1' }],
  ['m{a="1",b="2",}', { __name__: 'm', a: '1', b: '2' }],
  ['{a = "1" , b="2"}', { a: '1', b: '2' }],
  ['{__name__="m",a="1"}', { __name__: 'm', a: '1' }],
  ['{"some name", "a b"="1"}', { __name__: 'some name', 'a b': '1' }],
  ['x{__name__="m"}', { __name__: 'm' }],
  ['m{a=""}', { __name__: 'm', a: '' }],
  ['m{a="\\"\\\\\\n\\x"}', { __name__: 'm', a: '"\\\n\\x' }],
  ['m{a="1"} 12', { __name__: 'm', a: '1' }],
  ['m 12.5 1600000000000', { __name__: 'm' }],
  ['{\n  a="1",\n  b="2"\n}', { a: '1', b: '2' }],
]

for (const [text, labels] of SERIES) {
  test(`${JSON.stringify(text)} is read`, t => {
    t.deepEqual(Object.fromEntries(parseSeries(text).map(({ name, value }) => [name, value])), labels)
  })
}

const WRONG: readonly (readonly [text: string, message: string])[] = [
  ['m{', 'metric, column 3: expected the name of a label or }'],
  ['m{a=', 'metric, column 5: expected a value in double quotes after a='],
  ['m{a=~"1"}', 'metric, column 5: expected a value in double quotes after a='],
  ['m{a="1}', 'metric, column 5: expected a value in double quotes after a='],
  ['m{a}', 'metric, column 4: expected = after the label a'],
  ['m{a="1" b="2"}', 'metric, column 9: expected , or } after a label'],
  ['m{a="1",a="2"}', 'metric, column 14: label a is there twice'],
  ['m{a="1"} 1 2 3', 'metric, column 9: expected the end, or a number'],
  ['m}', 'metric, column 2: expected the end, or a number'],
]

for (const [text, message] of WRONG) {
  test(`${JSON.stringify(text)} is refused with its column`, t => {
    t.throws(() => parseSeries(text), { instanceOf: RelabelError, message })
  })
}

test('any labels come back as they were written', t => {
  const name = fc.stringMatching(/^[a-z_]{1,5}$/)
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme' })), labels => {
      const pairs = Object.entries(labels)
      const text = `{${pairs.map(([label, value]) => `${label}="${escapeLabelValue(value)}"`).join(', ')}}`
      t.deepEqual(
        parseSeries(text).map(label => [label.name, label.value]),
        pairs,
      )
    }),
  )
})

test('nonsense is refused, never more than that', t => {
  fc.assert(
    fc.property(fc.stringMatching(/^[ma{}"\\=,\s1]{0,12}$/), text => {
      try {
        parseSeries(text)
      } catch (error) {
        t.true(error instanceof RelabelError)
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})
