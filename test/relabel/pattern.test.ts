// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how replacements refer to groups
import test from 'ava'
import fc from 'fast-check'
import { compilePattern, Re2Pattern, recognise, replaceWhole, SearchPattern } from '../../lib/relabel/pattern.ts'
import { Template } from '../../lib/relabel/template.ts'

const literal = fc.string({ unit: fc.constantFrom('a', 'b', '_', ':', '-', 'é', '😀'), maxLength: 4 })
const dots = fc.constantFrom('', '.*', '.+')
const alternative = fc.tuple(literal, dots).map(([text, tail]) => text + tail)
const alternatives = fc.array(alternative, { minLength: 1, maxLength: 4 }).map(list => list.join('|'))
const anchors = fc.constantFrom<[string, string]>(['', ''], ['^', ''], ['', '$'], ['^', '$'])

/** Sources of the shapes that have a fast path. */
const plainSource = fc
  .oneof(
    alternatives,
    alternatives.map(list => `(${list})`),
    alternatives.map(list => `(?:${list})`),
    fc
      .tuple(
        literal.filter(text => text !== ''),
        fc.constantFrom('(.*)', '(.+)'),
      )
      .map(([text, tail]) => text + tail),
  )
  .chain(body => anchors.map(([start, end]) => start + body + end))

const text = fc.string({ unit: fc.constantFrom('a', 'b', '_', ':', '-', 'é', '😀', '\n', 'x'), maxLength: 6 })

test('a plain expression matches and captures as RE2 does', t => {
  fc.assert(
    fc.property(plainSource, fc.array(text, { minLength: 1, maxLength: 8 }), (source, texts) => {
      const fast = recognise(source)
      const slow = new Re2Pattern(source)
      t.truthy(fast, source)
      for (const input of texts) {
        t.is(fast!.matches(input), slow.matches(input), source)
        t.deepEqual(fast!.capture(input), slow.capture(input), source)
      }
    }),
    { numRuns: 500 },
  )
})

test('any expression that is recognised means the same to RE2', t => {
  const source = fc.string({
    unit: fc.constantFrom('a', 'b', '.', '*', '+', '?', '|', '(', ')', '^', '$', '\\', '{', '['),
  })
  fc.assert(
    fc.property(source, fc.array(text, { minLength: 1, maxLength: 8 }), (candidate, texts) => {
      const fast = recognise(candidate)
      fc.pre(fast !== undefined)
      const slow = new Re2Pattern(candidate)
      for (const input of texts) t.deepEqual(fast.capture(input), slow.capture(input), candidate)
    }),
    { numRuns: 500 },
  )
})

for (const source of [
  'a.b',
  'a*',
  '[ab]',
  'a\\.b',
  '(a)(b)',
  'a{2}',
  '(?i)a',
  'x$',
  'x\\$',
  '.*a',
  'a|(b)',
  'a.*b',
  '((a))',
]) {
  test(`${source} matches as RE2 does, by whatever path`, t => {
    const pattern = compilePattern(source)
    const slow = new Re2Pattern(source)
    for (const input of ['', 'a', 'b', 'ab', 'a.b', 'axb', 'aa', 'A', 'x', 'x$', 'x\\', 'xa', 'a(b)', 'a\nb']) {
      t.deepEqual(pattern.capture(input), slow.capture(input), input)
    }
  })
}

test('a text with a newline is matched by dots but left as it is', t => {
  for (const source of ['(.*)', 'a.*', 'a(.+)', 'a.b']) {
    const pattern = compilePattern(source)
    t.true(pattern.matches('a\nb'))
    t.is(replaceWhole(pattern, source, 'a\nb', new Template('[$0]', pattern.groupNames)), 'a\nb')
  }
  const whole = compilePattern('a(?s:.)b')
  t.is(replaceWhole(whole, 'a(?s:.)b', 'a\nb', new Template('hit', whole.groupNames)), 'hit')
})

test('replacements name groups by number and by name', t => {
  const names = new Map([['word', 2]])
  const groups = ['whole', 'one', 'two']
  const table: [source: string, result: string][] = [
    ['$0-$1-$2', 'whole-one-two'],
    ['${1}x$1x', 'onex'],
    ['$word/${word}', 'two/two'],
    ['$3|$nope|${nope}', '||'],
    ['$$1 $$ $', '$1 $ $'],
    ['${1|${}|$-', '${1|${}|$-'],
    ['plain', 'plain'],
  ]
  for (const [source, result] of table) t.is(new Template(source, names).expand(groups), result, source)
})

test('a search replaces every match, and no empty one right behind another', t => {
  t.is(new SearchPattern('x*', '-').replaceAll('xxx'), '-')
  t.is(new SearchPattern('', '-').replaceAll('a😀b'), '-a-😀-b-')
  t.is(new SearchPattern('a(.)', '${1}a').replaceAll('abac'), 'baca')
  t.is(new SearchPattern('q', '-').replaceAll('abc'), 'abc')
})

test('a syntax error is told as RE2 tells it', t => {
  t.throws(() => compilePattern('a('), {
    code: 'RELABEL_INVALID',
    message: /regex "a\(" is not valid: .*missing closing \)/,
  })
  t.throws(() => compilePattern('(?=a)'), { code: 'RELABEL_INVALID' })
})
