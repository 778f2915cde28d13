import test from 'ava'
import { compileSelector } from '../../lib/relabel/selector.ts'

const SERIES = {
  plain: [{ name: '__name__', value: 'm' }],
  one: [
    { name: '__name__', value: 'm' },
    { name: 'a', value: '1' },
  ],
  twelve: [
    { name: '__name__', value: 'm' },
    { name: 'a', value: '12' },
  ],
  other: [
    { name: '__name__', value: 'mm:x' },
    { name: 'b', value: '2' },
  ],
  nameless: [{ name: 'a', value: '1' }],
}

const TABLE: readonly [selector: string, selected: string][] = [
  ['m', 'plain one twelve'],
  ['mm:x', 'other'],
  ['m{a="1"}', 'one'],
  ['{a="1"}', 'one nameless'],
  ['{a!="1"}', 'plain twelve other'],
  ['{a=~"1|2"}', 'one nameless'],
  ['{a!~"1.*"}', 'plain other'],
  ['{a=""}', 'plain other'],
  ['{a=~""}', 'plain other'],
  ['{a=~".+",b=""}', 'one twelve nameless'],
  ['{a="1" or b="2"}', 'one other nameless'],
  ['m{a="12" OR a=""}', 'plain twelve'],
  ['{__name__=~"m.+"}', 'other'],
  ['{__name__=""}', ''],
  ['{__name__!="m"}', 'other nameless'],
  ['{__name__=~""}', 'nameless'],
  ['{"m", "a"="1"}', 'one'],
  ["m{a='1',}", 'one'],
  ['{a=`1`}', 'one nameless'],
  ['{}', ''],
  ['{a="\\x31"}', 'one nameless'],
  ['{a="\\061"}', 'one nameless'],
  ['{a="\\u0031"}', 'one nameless'],
  ['{a="\\U00000031"}', 'one nameless'],
  ['{a!="\\a\\b\\f\\n\\r\\t\\v\\\\\\""}', 'plain one twelve other nameless'],
  ["{a!='it\\'s'}", 'plain one twelve other nameless'],
  ['{a=~`\\d`}', 'one nameless'],
  ['{a=~"\\\\d"}', 'one nameless'],
  ['{a=~"^1$"}', 'one nameless'],
  ['{a=~"^1|2$"}', 'one nameless'],
  ['{a=~"(?i)1"}', 'one nameless'],
  ['{a!~""}', 'one twelve nameless'],
  ['{a!~".*"}', ''],
  ['{a!=""}', 'one twelve nameless'],
  ['{__name__!=""}', 'plain one twelve other nameless'],
  ['{__name__!~""}', 'plain one twelve other'],
  ['{__name__=~".*"}', 'plain one twelve other nameless'],
  ['{__name__="m",__name__="m"}', 'plain one twelve'],
  ['m{__name__="m"}', 'plain one twelve'],
  ['m{"m"}', 'plain one twelve'],
  ['m{__name__!="m"}', ''],
  ['m{}', 'plain one twelve'],
  ['{"m" or "mm:x"}', 'plain one twelve other'],
  ['{"m",a="1" or "mm:x",b="2"}', 'one other'],
  ['m{a="1" or a="12"}', 'one twelve'],
  ['{a="1" or b="2" or __name__="q"}', 'one other nameless'],
  ['{or="1" or a="1"}', 'one nameless'],
  ['{a="1"or b="2"}', 'one other nameless'],
  ["m { 'a' = '1' , }", 'one'],
  ['\n{a="1" # the first\n,\n}# and no more', 'one nameless'],
  ['\\x6d', 'plain one twelve'],
  ['m\\u006d\\:x', 'other'],
  ['m{a.b=""}', 'plain one twelve'],
]

for (const [selector, selected] of TABLE) {
  test(`${selector} selects: ${selected || 'nothing'}`, t => {
    const selects = compileSelector(selector)
    const names = Object.entries(SERIES).filter(([, labels]) => selects(labels))
    t.is(names.map(([name]) => name).join(' '), selected)
  })
}

for (const selector of [
  '',
  '{',
  'm{',
  'm{a}',
  'm{a=}',
  'm{a="1"',
  'm{a="1" b="2"}',
  'm n',
  '{a=1}',
  '{a=~"("}',
  'm{a="1"}}',
  '"m"',
  'm{,}',
  'm{a="1",,b="2"}',
  'm{a="1", or b="2"}',
  'm{a="1" or}',
  'm{or}',
  '{a="1"} or {b="1"}',
  'm{a=""} or x',
  'm{a="1"}[5m]',
  'm offset 5m',
  'm{a==1}',
  'm{a=x}',
  'm+n',
  '1a',
  '{{a="1"}}',
  'm{__name__="n"}',
  'm{__name__=""}',
  '{"m","n"}',
  '{__name__="m",__name__="n"}',
  'm{a="1" or __name__="n"}',
  ...['d', '.', '-', "'", '`', 'x4', 'u004', 'ud800', 'U00110000', '1', '0', 'é'].map(text => `{a="\\${text}"}`),
  `{a='\\"'}`,
  'm{a!~"("}',
  'm{a=~"a{1001}"}',
]) {
  test(`${JSON.stringify(selector)} is refused`, t => {
    t.throws(() => compileSelector(selector), { code: 'RELABEL_INVALID' })
  })
}

test('what is wrong with a selector is said in full', t => {
  for (const [selector, problem] of [
    ['m{a="1" b="2"}', /selector "m\{a=\\"1\\" b=\\"2\\"\}" is not valid: expected a comma, "or" or \} after a filter/],
    ['{a=1}', /cannot read "1\}"/],
    ['m{__name__="n"}', /a series cannot have two names: "m" and "n"/],
    ['{a="\\d"}', /\\d is not an escape that a string in " may have/],
    ['{a=~"("}', /regex "\(" is not valid: .*missing closing \)/],
  ] as const) {
    t.throws(() => compileSelector(selector), { message: problem }, selector)
  }
})
