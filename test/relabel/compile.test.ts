import test from 'ava'
import { compileRules } from '../../lib/relabel/compile.ts'
import { RelabelError } from '../../lib/relabel/error.ts'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { toLower, toUpper } from '../../lib/relabel/values.ts'
import { parseYaml } from '../../lib/yaml/source.ts'
import type { RelabelRuleSpec } from '../../shared/target.ts'
import { labelsOf, seriesOf } from '../support/series.ts'
import { CASES } from './cases.ts'

function rulesOf(yaml: string): readonly RelabelRuleSpec[] {
  const { rules, problems } = parseRules(parseYaml('rules.yml', yaml, { strict: true }).root)
  if (problems.length > 0) throw problems[0]
  return rules
}

function outcomeOf(series: string, yaml: string): string {
  const labels = labelsOf(series)
  return compileRules(rulesOf(yaml)).apply(labels) ? seriesOf(labels) : '{}'
}

for (const [series, yaml, result] of CASES) {
  test(`${JSON.stringify(yaml)} makes of ${series} what vmagent makes`, t => {
    if (result === 'error') t.throws(() => rulesOf(yaml), { message: /^rules\.yml:\d+:\d+: / })
    else t.is(outcomeOf(series, yaml), result)
  })
}

const HASH_RULES = `
- {action: hashmod, source_labels: [a], modulus: 10, target_label: h10}
- {action: hashmod, source_labels: [a, b], separator: ",", modulus: 1000003, target_label: hbig}
`
test('hashmod takes the xxhash64 of the joined values', t => {
  t.is(outcomeOf('m{a="v0",b="w0"}', HASH_RULES), 'm{a="v0", b="w0", h10="7", hbig="234136"}')
  t.is(outcomeOf('m{a="v11",b="w77"}', HASH_RULES), 'm{a="v11", b="w77", h10="8", hbig="371927"}')
})

test('case is changed character by character', t => {
  t.is(toUpper('MiXed ÄÖ ß ǅ İ ı ſ ᾀ ᾳ ŉ'), 'MIXED ÄÖ ß Ǆ İ I S ᾈ ᾼ ŉ')
  t.is(toLower('MiXed ÄÖ ß ǅ İ ı ſ ΑΣ'), 'mixed äö ß ǆ i ı ſ ας'.replace('ς', 'σ'))
})

test('new labels are appended, changed ones stay where they are', t => {
  const labels = labelsOf('m{b="1",a="2"}')
  const rules = rulesOf('- {target_label: z, replacement: x}\n- {target_label: b, replacement: y}\n')
  t.true(compileRules(rules).apply(labels))
  t.deepEqual(labels, [
    { name: '__name__', value: 'm' },
    { name: 'b', value: 'y' },
    { name: 'a', value: '2' },
    { name: 'z', value: 'x' },
  ])
})

test('an emptied label can be filled again by a later rule, and keeps its place', t => {
  const labels = labelsOf('m{b="1",a="2"}')
  const rules = rulesOf('- {target_label: b, replacement: ""}\n- {target_label: b, replacement: again}\n')
  t.true(compileRules(rules).apply(labels))
  t.deepEqual(labels[1], { name: 'b', value: 'again' })
})

test('no rules touch nothing, not even empty labels', t => {
  const none = compileRules([])
  const labels = [{ name: 'a', value: '' }]
  t.true(none.isEmpty)
  t.true(none.apply(labels))
  t.deepEqual(labels, [{ name: 'a', value: '' }])
})

test('labels that are all taken away are dropped', t => {
  t.is(outcomeOf('m{a="1"}', '- {action: labeldrop, regex: ".*"}'), '{}')
  t.is(outcomeOf('{a="1"}', '- {target_label: a, replacement: ""}'), '{}')
})

test('one set of rules serves any number of series', t => {
  const relabeling = compileRules(rulesOf('- {source_labels: [a], regex: "(x+).*", target_label: b}'))
  for (let round = 0; round < 2; round++) {
    const hit = labelsOf('m{a="xxy"}')
    const miss = labelsOf('m{a="y"}')
    t.true(relabeling.apply(hit))
    t.true(relabeling.apply(miss))
    t.is(seriesOf(hit), 'm{a="xxy", b="xx"}')
    t.is(seriesOf(miss), 'm{a="y"}')
  }
})

test('a rule that cannot be compiled is named by its place', t => {
  const [rule] = rulesOf('- {target_label: b}')
  const error = t.throws(() => compileRules([rule!, { ...rule!, action: 'nonsense' }]), { instanceOf: RelabelError })
  t.regex(error.message, /^relabeling rule 2: unknown action "nonsense"/)
  t.is(error.field, 'action')
})

test('names that labelmap_all makes equal become one label, the first that has a value', t => {
  const rule = '- {action: labelmap_all, regex: "^a$", replacement: "b"}'
  t.is(outcomeOf('m{a="1",b="2"}', rule), 'm{b="1"}')
  t.is(outcomeOf('m{a="",b="2"}', rule), 'm{b="2"}')
})

test('rules can be followed step by step, to where they end anyhow', t => {
  const rules = compileRules(
    rulesOf('- {target_label: c, replacement: ""}\n- {source_labels: [a], target_label: b}\n- {action: keep, if: m}'),
  )
  const start = labelsOf('m{a="1"}')
  const steps = [...rules.trace(start)]
  t.deepEqual(start, labelsOf('m{a="1"}'))
  t.deepEqual(
    steps.map(({ rule, labels }) => [rule, labels && seriesOf([...labels])]),
    [
      [0, 'm{a="1", c=""}'],
      [1, 'm{a="1", b="1", c=""}'],
      [2, 'm{a="1", b="1", c=""}'],
      [3, 'm{a="1", b="1"}'],
    ],
  )
  t.deepEqual(
    [...rules.trace(labelsOf('n{a="1"}'))].map(({ labels }) => labels && seriesOf([...labels])),
    ['n{a="1", c=""}', 'n{a="1", b="1", c=""}', undefined],
  )
})

test('nothing more is shown where no label is empty, and empty labels go without a rule too', t => {
  const rules = compileRules(rulesOf('- {target_label: b, replacement: x}'))
  t.is([...rules.trace(labelsOf('m'))].length, 1)
  t.deepEqual([...compileRules([]).trace(labelsOf('m{a=""}'))], [{ rule: 0, labels: labelsOf('m') }])
  t.deepEqual([...compileRules([]).trace(labelsOf('m'))], [])
  const gone = [...compileRules(rulesOf('- {target_label: a, replacement: ""}')).trace(labelsOf('{a="1"}'))]
  t.deepEqual(gone.at(-1), { rule: 1, labels: undefined })
})
