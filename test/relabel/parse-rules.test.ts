import test from 'ava'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { parseYaml } from '../../lib/yaml/source.ts'

const parse = (text: string) => parseRules(parseYaml('r.yml', text, { strict: true }).root)

test('defaults are filled in', t => {
  t.deepEqual(parse('- {target_label: b}').rules, [
    { action: 'replace', sourceLabels: [], separator: ';', targetLabel: 'b', replacement: '$1', modulus: 0 },
  ])
})

test('all fields are read', t => {
  const { rules, problems } = parse(`
- source_labels: [a, 5]
  separator: ""
  regex: [x, 1.50, true]
  target_label: b
  replacement: ""
  action: REPLACE
  if: ['{a="1"}', up]
- {action: hashmod, source_labels: [a], target_label: b, modulus: 8}
- {action: graphite, match: "a.*", labels: {__name__: "$1", n: 5}}
`)
  t.deepEqual(problems, [])
  t.deepEqual(rules[0], {
    action: 'replace',
    sourceLabels: ['a', '5'],
    separator: '',
    regex: 'x|1.5|true',
    targetLabel: 'b',
    replacement: '',
    modulus: 0,
    if: ['{a="1"}', 'up'],
  })
  t.is(rules[1]!.modulus, 8)
  t.deepEqual(rules[2]!.labels, [
    { name: '__name__', value: '$1' },
    { name: 'n', value: '5' },
  ])
})

for (const [regex, source] of [
  ['5', '5'],
  ['1.50', '1.5'],
  ['1e3', '1000'],
  ['1e21', '1000000000000000000000'],
  ['1e-7', '0.0000001'],
  ['-1.5e-8', '-0.000000015'],
  ['9007199254740993', '9007199254740993'],
  ['-0', '0'],
  ['0x10', '16'],
  ['true', 'true'],
  ['yes', 'true'],
  ['Off', 'false'],
  ['"yes"', 'yes'],
  ['null', undefined],
  ['[5, 1.50, true, null, ""]', '5|1.5|true|null|'],
  ['[[a, b], c]', 'a|b|c'],
  ['[]', ''],
] as const) {
  test(`regex: ${regex} stands for ${source ?? 'none'}`, t => {
    t.is(parse(`- {target_label: b, regex: ${regex}}`).rules[0]!.regex, source)
  })
}

test('match and labels that are empty are none', t => {
  t.deepEqual(parse('- {target_label: b, match: "", labels: {}}').problems, [])
})

/** The rule, and where it is wrong: the field at fault, else the rule itself. */
const UNUSABLE: readonly (readonly [rule: string, problem: RegExp])[] = [
  ['- {action: nonsense}', /^r\.yml:1:12: .*unknown action "nonsense"/],
  ['- {action: replace}', /^r\.yml:1:3: .*needs target_label/],
  ['- {action: keep}', /needs source_labels/],
  ['- {action: hashmod, source_labels: [a], target_label: b}', /^r\.yml:1:3: .*needs a modulus/],
  ['- {action: hashmod, source_labels: [a], target_label: b, modulus: -1}', /^r\.yml:1:67: .*found -1/],
  ['- {action: keepequal, target_label: a, regex: x}', /^r\.yml:1:47: .*does not take regex/],
  ['- {action: keep_if_equal, source_labels: [a]}', /^r\.yml:1:42: .*needs 2 source_labels, found 1/],
  ['- {action: keep_metrics, regex: a, source_labels: [a]}', /does not take source_labels/],
  ['- {action: graphite, match: "a.*", labels: {a: b}, replacement: c}', /does not take replacement/],
  ['- {target_label: a, match: b}', /^r\.yml:1:28: .*belongs to action graphite/],
  ['- {target_label: a, regex: "a("}', /^r\.yml:1:28: .*missing closing \)/],
  ['- {target_label: a, if: "{a="}', /^r\.yml:1:25: .*not valid/],
  [`- {target_label: a, if: '{a=~"("}'}`, /^r\.yml:1:25: .*missing closing \)/],
  [`- {target_label: a, if: [m, '{a=~"("}']}`, /^r\.yml:1:29: .*missing closing \)/],
  ['- {target_label: a, regex: [a, b, "("]}', /^r\.yml:1:28: .*missing closing \)/],
]

for (const [rule, problem] of UNUSABLE) {
  test(`${rule} is a problem of its own, the other rules are read`, t => {
    const { rules, problems } = parse(`${rule}\n- {target_label: fine}`)
    t.is(rules.length, 1)
    t.is(problems.length, 1)
    t.regex(problems[0]!.message, problem)
  })
}

for (const [rules, problem] of [
  ['{}', /^r\.yml:1:1: expected a list, found a map/],
  ['- x', /^r\.yml:1:3: .*expected a map/],
  ['- {source_label: [a]}', /^r\.yml:1:4: .*did you mean source_labels\?/],
  ['- {source_labels: a, target_label: b}', /^r\.yml:1:19: .*expected a list/],
  ['- {modulus: many}', /^r\.yml:1:13: .*expected an integer/],
  ['- {regex: {a: b}}', /^r\.yml:1:11: .*expected a string, found a map/],
] as const) {
  test(`${rules} is refused as a whole`, t => {
    t.throws(() => parse(rules), { code: 'CONFIG_INVALID', message: problem })
  })
}
