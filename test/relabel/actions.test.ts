import test from 'ava'
import { ACTION_NAMES, compileRules } from '../../lib/relabel/compile.ts'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { parseYaml } from '../../lib/yaml/source.ts'
import { labelsOf, seriesOf } from '../support/series.ts'
import { ACTION_CASES } from './action-cases.ts'

const parse = (yaml: string) => parseRules(parseYaml('rules.yml', yaml, { strict: true }).root)

function outcomeOf(series: string, yaml: string): string {
  const { rules, problems } = parse(yaml)
  if (problems.length > 0) throw problems[0]
  const labels = labelsOf(series)
  return compileRules(rules).apply(labels) ? seriesOf(labels) : '{}'
}

test('every action has its table', t => t.deepEqual(Object.keys(ACTION_CASES).sort(), [...ACTION_NAMES].sort()))

for (const [action, { good, bad }] of Object.entries(ACTION_CASES)) {
  const ruleOf = (fields: string, name = action) => `- {action: ${name}${fields === '' ? '' : `, ${fields}`}}\n`

  for (const [series, fields, result] of good) {
    test(`${ruleOf(fields)} makes of ${series}: ${result}`, t => {
      t.is(outcomeOf(series, ruleOf(fields)), result)
      t.is(outcomeOf(series, ruleOf(fields, action.toUpperCase())), result)
    })

    test(`${ruleOf(fields)} and a selector that does not select ${series}`, t => {
      if (fields.includes('if: ')) return t.pass()
      const drops = action === 'keep' || action === 'keep_metrics'
      const untouched = seriesOf(labelsOf(series))
      t.is(outcomeOf(series, ruleOf(`${fields === '' ? '' : `${fields}, `}if: '{q="q"}'`)), drops ? '{}' : untouched)
      t.is(outcomeOf(series, ruleOf(`${fields === '' ? '' : `${fields}, `}if: ['{q="q"}', '{q!="q"}']`)), result)
    })
  }

  for (const [fields, field, problem] of bad) {
    test(`${ruleOf(fields)} is a problem at ${field ?? 'the rule'}, and the rules around it are read`, t => {
      const { rules, problems } = parse(`- {target_label: x}\n${ruleOf(fields)}- {target_label: y}\n`)
      t.deepEqual(
        rules.map(rule => rule.targetLabel),
        ['x', 'y'],
      )
      t.is(problems.length, 1)
      t.regex(problems[0]!.message, problem)
      const line = ruleOf(fields)
      const column = field === undefined ? 3 : line.indexOf(`${field}: `) + field.length + 3
      t.regex(problems[0]!.message, new RegExp(`^rules\\.yml:2:${column}: \\[1\\]`))
    })
  }
}
