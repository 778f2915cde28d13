import test from 'ava'
import fc from 'fast-check'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { writeRule, writeRules } from '../../lib/relabel/write-rules.ts'
import { parseYaml } from '../../lib/yaml/source.ts'
import type { RelabelRuleSpec } from '../../shared/target.ts'

const listOf = (yaml: string) => parseYaml('r.yml', yaml, { strict: true }).root
const textsOf = (yaml: string) =>
  listOf(yaml)
    .asList()
    .map(item => writeRule(item.asMap()))

/** Rules as a user may write them, and as vmagent 1.145 shows each of them. */
const RULES: readonly (readonly [yaml: string, text: string])[] = [
  ['- {source_labels: [a], target_label: c}', 'source_labels: [a]\ntarget_label: c\n'],
  ['- {regex: b, action: labeldrop}', 'action: labeldrop\nregex: b\n'],
  ['- {action: drop, source_labels: [a], regex: "1"}', 'action: drop\nsource_labels: [a]\nregex: "1"\n'],
  ['- {target_label: x, replacement: y}', 'target_label: x\nreplacement: "y"\n'],
  ['- {target_label: b, replacement: "x\\"<b>"}', 'target_label: b\nreplacement: x"<b>\n'],
  ['- {action: DROP, if: ["{a=\\"b\\"}", c]}', 'if:\n- \'{a="b"}\'\n- c\naction: DROP\n'],
  ['- {if: m, action: drop}', 'if: m\naction: drop\n'],
  ['- {action: labeldrop, regex: "a|b|"}', 'action: labeldrop\nregex:\n- a\n- b\n- ""\n'],
  ['- {action: labeldrop, regex: "(a|b)c|d"}', 'action: labeldrop\nregex: (a|b)c|d\n'],
  ['- {action: labeldrop, regex: ["(a)", b]}', 'action: labeldrop\nregex: (a)|b\n'],
  ['- {action: labeldrop, regex: ["a|b", c]}', 'action: labeldrop\nregex:\n- a\n- b\n- c\n'],
  ['- {regex: [a, b], action: labeldrop}', 'action: labeldrop\nregex:\n- a\n- b\n'],
  ['- {action: graphite, match: "m*", labels: {z: $1}}', 'action: graphite\nmatch: m*\nlabels:\n  z: $1\n'],
  [
    '- {action: hashmod, modulus: 10, source_labels: [a, b], separator: "-", target_label: hm}',
    "action: hashmod\nsource_labels: [a, b]\nseparator: '-'\ntarget_label: hm\nmodulus: 10\n",
  ],
  [
    '- {action: replace, regex: "", target_label: x, replacement: "a: b"}',
    'action: replace\ntarget_label: x\nregex: ""\nreplacement: \'a: b\'\n',
  ],
  ['- {action: keep, regex: 12, source_labels: [hm]}', 'action: keep\nsource_labels: [hm]\nregex: "12"\n'],
]

for (const [yaml, text] of RULES) {
  test(`${yaml} is shown in one layout`, t => {
    t.deepEqual(textsOf(yaml), [text])
  })
}

test('no rules are an empty list', t => {
  t.is(writeRules([]), '[]\n')
})

const someText = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 6 }), fc.constantFrom('no', '1', '- x', 'a: b', '#'))
const filled = someText.filter(text => text !== '')

const replaceRule = fc.record(
  {
    action: fc.constantFrom('replace', 'lowercase', 'labeldrop'),
    sourceLabels: fc.array(someText, { minLength: 1, maxLength: 3 }),
    separator: someText,
    regex: fc.constantFrom('', 'a', 'a|b|', '(a|b)c', '[|]', '1|2', 'null', 'no|1.50', '- x|#', 'a\\|b'),
    targetLabel: filled,
    replacement: someText,
    if: fc.array(
      filled.map(text => `{a=${JSON.stringify(text)}}`),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: ['action', 'sourceLabels', 'separator', 'targetLabel', 'replacement'] },
)
const graphiteRule = fc.record({
  action: fc.constant('graphite'),
  sourceLabels: fc.constant([]),
  separator: fc.constant(';'),
  targetLabel: fc.constant(''),
  replacement: fc.constant('$1'),
  match: filled,
  labels: fc.uniqueArray(fc.record({ name: filled, value: someText }), { minLength: 1, selector: ({ name }) => name }),
})

test('rules that are written are the same rules when they are read', t => {
  fc.assert(
    fc.property(fc.array(fc.oneof(replaceRule, graphiteRule), { minLength: 1, maxLength: 3 }), rules => {
      const specs = rules.map(rule => ({ modulus: 0, ...rule })) as unknown as readonly RelabelRuleSpec[]
      const { rules: read, problems } = parseRules(listOf(writeRules(specs)))
      t.deepEqual(problems, [])
      t.deepEqual(read, specs)
      t.is(textsOf(writeRules(specs)).length, specs.length)
    }),
  )
})
