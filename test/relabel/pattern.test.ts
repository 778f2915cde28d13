// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how replacements refer to groups
import test from 'ava'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { compilePattern, matchesAnything, Re2Pattern, stripAnchors, WholeReplacer } from '../../lib/relabel/pattern.ts'
import { compileSearch, Re2Search } from '../../lib/relabel/search.ts'
import { isAnything, recognise } from '../../lib/relabel/shape.ts'
import { Template } from '../../lib/relabel/template.ts'
import { anySource, plainSource, subjectsFor } from '../support/expressions.ts'

/** A match as RE2 gives it, asked in the plainest way: the whole text and its groups. */
function captureByRe2(source: string, text: string): string[] | undefined {
  const matcher = RE2JS.compile(source, RE2JS.DOTALL).matcher(text)
  if (!matcher.matches()) return undefined
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
}

const compiles = (source: string): boolean => {
  try {
    RE2JS.compile(source)
    return true
  } catch {
    return false
  }
}

test('plain expressions are recognised, and match and capture as RE2 does', t => {
  fc.assert(
    fc.property(
      plainSource.chain(source => fc.tuple(fc.constant(source), subjectsFor(source))),
      ([source, texts]) => {
        const body = stripAnchors(source)
        const fast = recognise(body)
        t.truthy(fast, source)
        // vmagent takes these for `(.*)`, with a group.
        const slow = isAnything(body) ? '(.*)' : body
        for (const text of texts) {
          const expected = captureByRe2(slow, text)
          t.is(fast!.matches(text), expected !== undefined, `${source} on ${JSON.stringify(text)}`)
          t.deepEqual(fast!.capture(text, 9), expected, `${source} on ${JSON.stringify(text)}`)
        }
        t.deepEqual([...fast!.groupNames], Object.entries(RE2JS.compile(slow).namedGroups()))
      },
    ),
    { numRuns: 2000 },
  )
})

test('any expression matches, captures and expands as RE2 does, or is refused like it', t => {
  let recognised = 0
  fc.assert(
    fc.property(
      anySource.chain(source => fc.tuple(fc.constant(source), subjectsFor(source))),
      ([source, texts]) => {
        const body = stripAnchors(source)
        if (!compiles(body)) {
          t.throws(() => compilePattern(source), { code: 'RELABEL_INVALID' }, source)
          return
        }
        const pattern = compilePattern(source)
        if (!(pattern instanceof Re2Pattern)) recognised++
        const slow = isAnything(body) ? '(.*)' : body
        const template = new Template('<$0|$1|$2|${n}>', pattern.groupNames)
        const slowTemplate = new Template('<$0|$1|$2|${n}>', new Map(Object.entries(RE2JS.compile(slow).namedGroups())))
        for (const text of texts) {
          const expected = captureByRe2(slow, text)
          t.is(pattern.matches(text), expected !== undefined, `${source} on ${JSON.stringify(text)}`)
          t.deepEqual(pattern.capture(text, 9), expected, `${source} on ${JSON.stringify(text)}`)
          if (expected !== undefined) t.is(template.expand(pattern.capture(text, 9)!), slowTemplate.expand(expected))
        }
      },
    ),
    { numRuns: 3000 },
  )
  t.true(recognised > 100, `only ${recognised} took a fast path`)
})

test('a search replaces what RE2 finds', t => {
  fc.assert(
    fc.property(
      fc.oneof(anySource, plainSource).chain(source => fc.tuple(fc.constant(source), subjectsFor(source))),
      ([source, texts]) => {
        fc.pre(compiles(source))
        const fast = compileSearch(source, '<$0>')
        const slow = RE2JS.compile(source)
        for (const text of texts) {
          let expected = ''
          let end = 0
          // The library's own search gives an empty match right behind another, which Go leaves out.
          for (const match of slow.matchAll(text)) {
            const [found] = match as unknown as [string]
            const index = match.index!
            if (found === '' && index === end && index > 0) continue
            expected += `${text.slice(end, index)}<${found}>`
            end = index + found.length
          }
          t.is(fast.replaceAll(text), expected + text.slice(end), `${source} on ${JSON.stringify(text)}`)
        }
      },
    ),
    { numRuns: 2000 },
  )
})

const ANCHORED: readonly (readonly [source: string, body: string, matched: string])[] = [
  ['a', 'a', 'a'],
  ['^a$', 'a', 'a'],
  ['^^a$$$', 'a', 'a'],
  ['^a|b$', 'a|b', 'a b'],
  ['a|^b', 'a|^b', 'a b'],
  ['a$|b', 'a$|b', 'a b'],
  ['^(a|b)$', '(a|b)', 'a b'],
  ['a\\$', 'a\\$', 'a$'],
  ['a\\$$', 'a\\$', 'a$'],
  ['a\\\\$', 'a\\\\', 'a\\'],
  ['^', '', ''],
  ['$', '', ''],
  ['^$', '', ''],
  ['\\^a', '\\^a', '^a'],
  ['[$]', '[$]', '$'],
  ['(?m)^a$', '(?m)^a', 'a'],
  ['(?i)^a$', '(?i)^a', 'a A'],
  ['a.*$', 'a.*', 'a ab aa a$ a\\ a\\$ a\nb a\n'],
  ['|a', '|a', ' a'],
]

for (const [source, body, matched] of ANCHORED) {
  test(`the anchors at the ends of ${JSON.stringify(source)} are taken away, and it matches whole texts only`, t => {
    t.is(stripAnchors(source), body)
    const pattern = compilePattern(source)
    const texts = ['', 'a', 'b', 'A', 'ab', 'ba', 'aa', 'a$', '$', '^a', 'a\\', 'a\\$', 'a\nb', '\na', 'a\n']
    const expected = new Set(matched.split(' '))
    for (const text of texts) t.is(pattern.matches(text), expected.has(text), JSON.stringify(text))
  })
}

test('an anchor that is taken away leaves nothing to repeat', t => {
  for (const source of ['^*', '^*a', '^+$']) {
    t.throws(() => compilePattern(source), { message: /missing argument to repetition operator/ }, source)
  }
})

for (const [source, isAny] of [
  ['.*', true],
  ['(.*)', true],
  ['^.*$', true],
  ['^(.*)$', true],
  ['(?:.*)', true],
  ['(?s).*', true],
  ['(?i)(.*)', true],
  ['(?i)^.*', true],
  ['(?sm:.*)', true],
  ['.+', false],
  ['.*?', false],
  ['.*.*', false],
  ['(?-s).*', false],
  ['.*|a', false],
  ['', false],
] as const) {
  test(`${JSON.stringify(source)} is ${isAny ? '' : 'not '}the default expression in other words`, t => {
    t.is(matchesAnything(source), isAny)
    if (isAny) t.deepEqual(compilePattern(source).capture('xy', 2), ['xy', 'xy'])
  })
}

for (const source of [
  ...['a', 'a|b', 'a|b.*', '.*a', '.*a.*', 'a.+b', 'a.*b.*c', 'a\\.b', 'example\\.com', 'a(.*)', '(.*)a', 'a(.+)b'],
  ...['(a|b)_c', 'a_(b|c|d.*)', '(?P<name>a.*)', 'a(?:b|c)d', '', '|', 'a|', 'a.*?b', '\\/a\\-b', 'é|😀.*'],
]) {
  test(`${JSON.stringify(source)} needs no engine`, t => t.false(compilePattern(source) instanceof Re2Pattern))
}

for (const source of [
  ...[
    'a.b',
    'a?',
    'a*',
    '[ab]',
    '\\d',
    '(a)(b)',
    '((a))',
    'a{2}',
    '(?i)a',
    '.*.*',
    'a(b.*)?',
    '(a)|b',
    'a|(b)',
    '\\bA',
  ],
  ...['(.*)a(.*)', '.*(a|b)', 'a$|b', '(?s:a)', '\ud83d', Array.from({ length: 65 }, (_, i) => `${i}_.*`).join('|')],
]) {
  test(`${JSON.stringify(source.slice(0, 30))} goes to RE2`, t => t.true(compilePattern(source) instanceof Re2Pattern))
}

test('a text with a newline is matched by dots but left as it is', t => {
  for (const source of ['.+', 'a.*', 'a(.+)', 'a.b', '(.*)', 'a.*b']) {
    const replacer = new WholeReplacer(source)
    const { groupNames } = replacer.pattern
    for (let round = 0; round < 2; round++) {
      t.true(replacer.pattern.matches('a\nb'))
      t.is(replacer.replace('a\nb', new Template('[$0]', groupNames)), 'a\nb')
      t.is(replacer.replace('a\nb', new Template('fixed', groupNames)), 'a\nb')
      t.is(replacer.expand('a\nb', new Template('x${1}y', groupNames)), 'xy')
      t.is(replacer.expand('a\nb', new Template('fixed', groupNames)), 'fixed')
    }
  }
  for (const source of ['a(?s:.)b', 'a\nb', '[^x]+', '(?s)a.*']) {
    const replacer = new WholeReplacer(source)
    t.is(replacer.replace('a\nb', new Template('hit', replacer.pattern.groupNames)), 'hit', source)
  }
})

test('replacements name groups by number and by name', t => {
  const names = new Map([['word', 2]])
  const groups = ['whole', 'one', 'two']
  const table: [source: string, result: string][] = [
    ['$0-$1-$2', 'whole-one-two'],
    ['${1}x$1x', 'onex'],
    ['$word/${word}', 'two/two'],
    ['$3|$nope|${nope}', '||'],
    ['$01|${02}|$10', '||'],
    ['$12345678901234567890', ''],
    ['$$1 $$ $', '$1 $ $'],
    ['${1|${}|$-|${ 1}', '${1|${}|$-|${ 1}'],
    ['$é', ''],
    ['plain', 'plain'],
  ]
  for (const [source, result] of table) t.is(new Template(source, names).expand(groups), result, source)
})

test('a template says how many groups it needs', t => {
  const names = new Map([['word', 4]])
  for (const [source, groups] of [
    ['plain', 1],
    ['$0', 1],
    ['$2$1', 3],
    ['$word', 5],
    ['$nope', 1],
  ] as const) {
    t.is(new Template(source, names).groups, groups, source)
  }
  t.deepEqual(compilePattern('(a)(b)(c)').capture('abc', 2), ['abc', 'a'])
  t.deepEqual(compilePattern('(a)(b)(c)').capture('abc', 9), ['abc', 'a', 'b', 'c'])
})

test('a search replaces every match, and no empty one right behind another', t => {
  const replaceAll = (source: string, replacement: string, text: string) =>
    compileSearch(source, replacement).replaceAll(text)
  t.is(replaceAll('x*', '-', 'xxx'), '-')
  t.is(replaceAll('', '-', 'a😀b'), '-a-😀-b-')
  t.is(replaceAll('a(.)', '${1}a', 'abac'), 'baca')
  t.is(replaceAll('q', '-', 'abc'), 'abc')
  t.is(replaceAll('^a', '-', 'aa'), '-a')
  t.is(replaceAll('a$', '-', 'aa'), 'a-')
  t.is(replaceAll('\\.', '$$', 'a.b.c'), 'a$b$c')
  t.is(replaceAll('a', '$0$1$0', 'aba'), 'aabaa')
  t.is(replaceAll('a.b', '-', 'a\nb'), 'a\nb')
})

test('a literal is searched for without RE2', t => {
  for (const source of ['-', 'a\\.b', '😀']) t.false(compileSearch(source, '') instanceof Re2Search)
  for (const source of ['', '[-]', 'a.b', 'a|b']) t.true(compileSearch(source, '') instanceof Re2Search)
})

for (const [source, problem] of [
  ['a(', /regex "a\(" is not valid: .*missing closing \)/],
  ['a)(b', /unexpected \)/],
  ['(?=a)', /invalid or unsupported Perl syntax/],
  ['a\\', /trailing backslash/],
  ['[b-a]', /invalid character class range/],
  ['a{1001}', /invalid repeat count/],
  ['(a{100}){100}', /invalid repeat count/],
  ['\\1', /invalid escape sequence/],
  ['(?P<n>a)(?P<n>b)', /duplicate capture group name/],
  ['(?:a'.repeat(2000) + ')*'.repeat(2000), /nests too deeply/],
] as const) {
  test(`${source.slice(0, 40)} is refused, as RE2 tells it`, t => {
    t.throws(() => compilePattern(source), { code: 'RELABEL_INVALID', message: problem })
    t.throws(() => compileSearch(source, ''), { code: 'RELABEL_INVALID', message: problem })
  })
}
