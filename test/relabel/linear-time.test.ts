import test from 'ava'
import { compileRules } from '../../lib/relabel/compile.ts'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { compilePattern } from '../../lib/relabel/pattern.ts'
import { Re2 } from '../../lib/relabel/re2.ts'
import { compileSearch } from '../../lib/relabel/search.ts'
import { parseYaml } from '../../lib/yaml/source.ts'

const times = (text: string) => (count: number) => text.repeat(count)

/**
 * Expressions, and texts of any length, for which an engine that goes back and tries again needs a time that grows with
 * 2^n or n^3. Where one takes longer than the universe has, coming to an end at all is the proof.
 */
const EXPLOSIVE: readonly (readonly [source: string, textOf: (count: number) => string])[] = [
  ['(a+)+$', count => `${'a'.repeat(count)}!`],
  ['(a+)+b', times('a')],
  ['([a-zA-Z]+)*!', times('a')],
  ['(a|aa)+$', count => `${'a'.repeat(count)}!`],
  ['(a|a?)+b', times('a')],
  ['(.*)*x', times('a')],
  ['(.*a){12}b', times('a')],
  ['(x+x+)+y', times('x')],
  ['(x*)*(x*)*(x*)*y', times('x')],
  ['x*x*x*x*x*x*x*x*x*x*y', times('x')],
  ['(a?){40}a{40}b', times('a')],
  ['((a*)*)*b', times('a')],
  ['(.+)+(.+)+(.+)+;', times('a;b')],
  ['([a-z0-9]+[._-]?)+@([a-z0-9]+[.-]?)+\\.[a-z]{2,4}', times('a1')],
  ['(\\w+\\s?)+\\.', times('word ')],
  ['(\\d+,?)+;', times('12,')],
  ['"(\\\\.|[^"])*"', count => `"${'\\a'.repeat(count)}`],
  ['.*.*.*.*.*z', times('ab')],
  ['(.*?,){11}P', times('1,2,')],
  ['(ab|abab|ababab)*c', times('ab')],
  [Array.from({ length: 300 }, (_, index) => `(a|b)*${index}x`).join('|'), times('ab')],
  ['(?i)(é+É+)+y', times('éÉ')],
]

const LONG = 20_000

/** The text's bytes, as an array that counts how often it is read. */
function counted(text: string): { readonly bytes: readonly number[]; readonly reads: () => number } {
  let reads = 0
  const bytes = new Proxy(Array.from(Buffer.from(text)), {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d/.test(key)) reads++
      return Reflect.get(target, key, receiver)
    },
  })
  return { bytes, reads: () => reads }
}

/** How often the engine reads a byte of a text to match it as a whole, and to find a group. */
function readsOf(source: string, text: string): number {
  const re = new Re2(source, true)
  const { bytes, reads } = counted(text)
  // The engine takes bytes in the place of a string.
  const input = bytes as unknown as string
  re.testExact(input)
  re.captureExact(input, 2)
  return reads()
}

for (const [source, textOf] of EXPLOSIVE) {
  const name = source.slice(0, 60)

  test(`${name}: twice the text takes twice the steps`, t => {
    for (const count of [100, 1000]) {
      const once = readsOf(source, textOf(count))
      const twice = readsOf(source, textOf(2 * count))
      t.true(once > 0)
      t.true(twice <= 2.2 * once + 1000, `${once} and ${twice} reads of ${count} and ${2 * count}`)
    }
  })

  test(`${name}: comes to an end in rules and selectors, read from a file`, t => {
    const regex = JSON.stringify(source)
    const selector = JSON.stringify(`{a=~${regex}}`)
    const yaml = `
- {target_label: hit, source_labels: [a], regex: ${regex}, replacement: "1"}
- {target_label: hit, source_labels: [a], regex: ${regex}, if: ${selector}}
- {action: labelmap, regex: ${regex}, if: [m, ${selector}]}
- {action: labeldrop, regex: [${regex}, 'q.q']}
`
    const { rules, problems } = parseRules(parseYaml('r.yml', yaml, { strict: true }).root)
    t.deepEqual(problems, [])
    const relabeling = compileRules(rules)
    const value = textOf(LONG)
    for (const text of [value, `${value}x`, `${value};`, `${value}\n`]) {
      const labels = [
        { name: 'a', value: text },
        { name: text, value: 'long name' },
      ]
      t.true(relabeling.apply(labels))
      const isHit = compilePattern(source).matches(text)
      t.is(
        labels.some(label => label.name === 'hit'),
        isHit,
      )
    }
  })

  test(`${name}: one match is searched for in one go`, t => {
    t.notThrows(() => compileSearch(`^(?:${source})$`, '').replaceAll(textOf(LONG)))
  })
}
