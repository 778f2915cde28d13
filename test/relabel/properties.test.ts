// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how replacements refer to groups
import test from 'ava'
import fc from 'fast-check'
import { compileRules, type MutableLabel } from '../../lib/relabel/compile.ts'
import type { RelabelRuleSpec } from '../../shared/target.ts'

const NAMES = ['__name__', 'a', 'b', 'ab', 'x_a', '']
const REGEXES = [undefined, 'a', 'a|b', '(a|b)(.*)', 'x_(.+)', '.*b', '[ab]+', '', '(.*)']
const REPLACEMENTS = ['$1', '', 'fixed', 'p_$1', '${1}$2', '$0$0']

const rule: fc.Arbitrary<RelabelRuleSpec> = fc
  .record({
    action: fc.constantFrom(
      ...['replace', 'keep', 'drop', 'labelmap', 'labeldrop', 'labelkeep', 'lowercase', 'uppercase'],
      ...['keepequal', 'dropequal', 'replace'],
    ),
    sourceLabels: fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
    separator: fc.constantFrom(';', '', '-'),
    regexOrNone: fc.constantFrom(...REGEXES),
    targetLabel: fc.constantFrom('__name__', 'a', 'b', 'new', 'x_$1'),
    replacement: fc.constantFrom(...REPLACEMENTS),
  })
  .map(({ regexOrNone, ...rest }) => {
    const takesRegex = !rest.action.endsWith('equal')
    return { ...rest, modulus: 0, ...(takesRegex && regexOrNone !== undefined && { regex: regexOrNone }) }
  })
const labelList = fc.uniqueArray(
  fc.record({ name: fc.constantFrom(...NAMES), value: fc.constantFrom('', 'a', 'b', 'aB', 'ab', 'a;b', 'x_a', 'Z') }),
  { selector: label => label.name },
)

/** Expands as Go does, for the few templates above. */
function expand(template: string, groups: RegExpExecArray): string {
  return template.replaceAll(/\$\{?(\d)\}?/g, (_, group: string) => groups[Number(group)] ?? '')
}

/** The meaning of the rules, in the plainest words: undefined if the labels are dropped. */
function model(rules: readonly RelabelRuleSpec[], start: readonly MutableLabel[]): Map<string, string> | undefined {
  let labels = new Map(start.map(({ name, value }) => [name, value]))
  for (const spec of rules) {
    const regex = new RegExp(`^(?:${spec.regex ?? '(.*)'})$`, 's')
    const joined = spec.sourceLabels.map(name => labels.get(name) ?? '').join(spec.separator)
    const match = regex.exec(joined)
    const equal = joined === (labels.get(spec.targetLabel) ?? '')
    if (spec.action === 'keep' && match === null) return undefined
    if (spec.action === 'drop' && match !== null) return undefined
    if (spec.action === 'keepequal' && !equal) return undefined
    if (spec.action === 'dropequal' && equal) return undefined
    if (spec.action === 'replace' && match !== null) {
      labels.set(expand(spec.targetLabel, match), expand(spec.replacement, match))
    }
    if (spec.action === 'lowercase') labels.set(spec.targetLabel, joined.toLowerCase())
    if (spec.action === 'uppercase') labels.set(spec.targetLabel, joined.toUpperCase())
    if (spec.action === 'labelmap') {
      for (const name of [...labels.keys()]) {
        const found = regex.exec(name)
        if (found !== null) labels.set(expand(spec.replacement, found), labels.get(name)!)
      }
    }
    if (spec.action === 'labeldrop') labels = new Map([...labels].filter(([name]) => !regex.test(name)))
    if (spec.action === 'labelkeep') labels = new Map([...labels].filter(([name]) => regex.test(name)))
    if (labels.size === 0) return undefined
  }
  const kept = [...labels].filter(([name, value]) => name !== '' && value !== '')
  return kept.length === 0 ? undefined : new Map(kept)
}

test('rules apply in order and mean what the model says', t => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 6 }), labelList, (rules, start) => {
      const labels = start.map(label => ({ ...label }))
      const kept = compileRules(rules).apply(labels)
      const expected = model(rules, start)
      t.is(kept, expected !== undefined)
      if (expected !== undefined)
        t.deepEqual(
          labels,
          [...expected].map(([name, value]) => ({ name, value })),
        )
    }),
    { numRuns: 2000 },
  )
})

test('what comes out has no empty names or values, and no name twice', t => {
  fc.assert(
    fc.property(fc.array(rule, { minLength: 1, maxLength: 6 }), labelList, (rules, start) => {
      const labels = start.map(label => ({ ...label }))
      if (!compileRules(rules).apply(labels)) return
      t.true(labels.every(({ name, value }) => name !== '' && value !== ''))
      t.is(new Set(labels.map(label => label.name)).size, labels.length)
    }),
    { numRuns: 500 },
  )
})
