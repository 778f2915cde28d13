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
]) {
  test(`${JSON.stringify(selector)} is refused`, t => {
    t.throws(() => compileSelector(selector), { code: 'RELABEL_INVALID' })
  })
}
