import test from 'ava'
import fc from 'fast-check'
import { type MetricFamily, renderExposition } from '../../lib/admin/exposition.ts'
import { checkExposition } from './exposition-checker.ts'

const identifier = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/)
const awkward = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', ',', ' ', '=', '\u00e9', '\u{1F4A7}'),
})

const families: fc.Arbitrary<MetricFamily[]> = fc.uniqueArray(
  fc.record({
    name: identifier,
    type: fc.constantFrom('counter' as const, 'gauge' as const),
    help: fc.stringMatching(/^[A-Z][a-z\\"\n]{0,20}$/),
    samples: fc.uniqueArray(
      fc.record({
        labels: fc.dictionary(identifier, awkward, { noNullPrototype: true }),
        value: fc.double({ noNaN: true }),
      }),
      { minLength: 1, selector: ({ labels }) => JSON.stringify(Object.entries(labels).sort()) },
    ),
  }),
  { selector: ({ name }) => name },
)

test('every text reads back as what was rendered, whatever label values hold', t => {
  fc.assert(
    fc.property(families, fc.boolean(), (rendered, metadata) => {
      const { series, types } = checkExposition(renderExposition(rendered, metadata))
      const expected = rendered.flatMap(({ name, samples }) =>
        samples.map(({ labels = {}, value }) => ({ name, labels: new Map(Object.entries(labels)), value: value + 0 })),
      )
      t.deepEqual(
        series.map(({ value, ...rest }) => ({ ...rest, value: value + 0 })),
        expected,
      )
      t.deepEqual([...types.keys()], metadata ? rendered.map(({ name }) => name) : [])
    }),
  )
})

test('what is not known is left out, with the lines that would announce it', t => {
  const text = renderExposition(
    [
      { name: 'gone', type: 'gauge', help: 'Gone.', samples: [{ value: Number.NaN }] },
      { name: 'empty', type: 'gauge', help: 'Empty.', samples: [] },
      {
        name: 'half',
        type: 'gauge',
        help: 'Half.',
        samples: [{ value: Number.NaN }, { labels: { a: 'b' }, value: 2 }],
      },
    ],
    true,
  )
  t.is(text, '# HELP half Half.\n# TYPE half gauge\nhalf{a="b"} 2\n')
})

test('infinities and large numbers have the spelling of the format', t => {
  const samples = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300, 0].map((value, i) => ({
    labels: { i: String(i) },
    value,
  }))
  const text = renderExposition([{ name: 'm', type: 'gauge', help: 'M.', samples }], false)
  t.deepEqual(
    text.split('\n').map(line => line.split(' ')[1]),
    ['+Inf', '-Inf', '1e+300', '0', undefined],
  )
})

for (const [what, text] of [
  ['a line without an end', 'a 1'],
  ['a value that is not a number', 'a one\n'],
  ['a quote that is not escaped', 'a{b="c"d"} 1\n'],
  ['a label that is there twice', 'a{b="1", b="2"} 1\n'],
  ['a series that is there twice', 'a{b="1", c="2"} 1\na{c="2", b="1"} 1\n'],
  ['a family in two places', 'a{x="1"} 1\nb 1\na{x="2"} 1\n'],
  ['a TYPE line behind its series', 'a 1\n# TYPE a gauge\n'],
  ['a histogram that falls', '# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_count 1\n'],
] as const) {
  test(`the checker of these tests refuses ${what}`, t => {
    t.throws(() => checkExposition(text))
  })
}
