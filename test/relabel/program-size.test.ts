import test from 'ava'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { compilePattern } from '../../lib/relabel/pattern.ts'
import { boundProgram } from '../../lib/relabel/program-size.ts'
import { compileSearch } from '../../lib/relabel/search.ts'
import { parseYaml } from '../../lib/yaml/source.ts'
import { anySource } from '../support/expressions.ts'

function compiled(source: string): RE2JS | undefined {
  try {
    return RE2JS.compile(source)
  } catch {
    return undefined
  }
}

test('no program is larger than its bound, and its groups are counted', t => {
  const repeat = fc.constantFrom('', '', '', '*', '+', '?', '{3}', '{2,}', '{0,4}', '{5,7}?', '{0}', '*?')
  const part = fc.tuple(anySource, repeat).map(([source, count]) => (count === '' ? source : `(?:${source})${count}`))
  const source = fc.array(part, { minLength: 1, maxLength: 3 }).map(parts => parts.join(''))
  fc.assert(
    fc.property(source, candidate => {
      const program = compiled(candidate)
      fc.pre(program !== undefined)
      const { instructions, groups } = boundProgram(candidate)
      t.true(program.programSize() <= instructions, `${candidate}: ${program.programSize()} > ${instructions}`)
      t.is(groups, program.groupCount(), candidate)
    }),
    { numRuns: 3000 },
  )
})

for (const source of [
  ...['[]]{3}', '[^]]{3}', '[[:alpha:]]]{3}', '[\\]]{3}', '\\Qa{9}\\E{3}', '\\Qa{9}', '\\p{Greek}{3}', '\\x{61}{3}'],
  ...[
    '(?i)a{3}',
    '(?i:a){3}',
    '(?P<name>a){3}',
    '(?<n>a){3}',
    'a{,3}',
    'a{',
    'a{b}',
    '\\{3}',
    '((a{3}){3}){3}',
    '|{3}',
  ],
]) {
  test(`the bound of ${source} is near the program`, t => {
    const program = compiled(source)
    if (program === undefined) return t.throws(() => compilePattern(`${source}.`))
    const { instructions, groups } = boundProgram(source)
    t.true(program.programSize() <= instructions)
    t.true(instructions <= 4 * program.programSize() + 4, `${instructions} for ${program.programSize()}`)
    t.is(groups, program.groupCount())
  })
}

test('expressions as they are in use are far from the limit', t => {
  const names = Array.from({ length: 3000 }, (_, index) => `some_exporter_metric_${index}_total`)
  t.notThrows(() => compilePattern(`(${names.join('|')}|other_[0-9]+)`))
})

const HUGE = ['(?:(?:[ab]{100}){10}){1,}'.repeat(300), '(?:a?){1000}'.repeat(200), `${'()'.repeat(900)}[ab]{700}`]

for (const source of HUGE) {
  test(`${source.slice(0, 30)}... is too large, and not even compiled`, t => {
    const problem = {
      code: 'RELABEL_INVALID',
      message: /is too large: \d+ instructions( are more than 131072| with \d+ groups are too many); repeat less/,
    }
    t.throws(() => compilePattern(source), problem)
    t.throws(() => compileSearch(source, ''), problem)
  })
}

test('what is too large is named by its place', t => {
  const regex = JSON.stringify(HUGE[0])
  const selector = JSON.stringify(`{a=~${regex}}`)
  const table: readonly (readonly [rule: string, place: string])[] = [
    [`{target_label: b, regex: ${regex}}`, '2:28'],
    [`{action: drop, source_labels: [a], regex: [a, ${regex}]}`, '2:45'],
    [`{action: labelmap_all, regex: ${regex}}`, '2:33'],
    [`{target_label: b, if: ${selector}}`, '2:25'],
    [`{target_label: b, if: [m, ${selector}]}`, '2:29'],
  ]
  for (const [rule, place] of table) {
    const { rules, problems } = parseRules(
      parseYaml('r.yml', `- {target_label: fine}\n- ${rule}`, { strict: true }).root,
    )
    t.is(rules.length, 1)
    t.is(problems.length, 1)
    t.regex(problems[0]!.message, new RegExp(`^r\\.yml:${place}: \\[1\\].*is too large`))
    t.true(problems[0]!.message.length < 1000)
  }
})
