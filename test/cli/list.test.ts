import test from 'ava'
import fc from 'fast-check'
import { joinList, splitList } from '../../lib/cli/list.ts'

test('items that were joined are split into the same items', t => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'ab,\'"\\[]{}() \n') }),
    fc.string({ unit: 'grapheme' }),
  )
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), items => {
      t.deepEqual(splitList(joinList(items)), items)
    }),
  )
})

test('any text splits into at least one item', t => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab,\'"\\[]{}()xun08') }), text => splitList(text).length > 0),
  )
  t.pass()
})

const CASES: readonly (readonly [text: string, items: readonly string[]])[] = [
  ['', ['']],
  ['a', ['a']],
  ['a,b', ['a', 'b']],
  ['a,', ['a', '']],
  [',a', ['', 'a']],
  [' a , b ', [' a ', ' b ']],
  ['a\\,b', ['a\\', 'b']],
  ['""', ['']],
  ['"a,b",c', ['a,b', 'c']],
  ["'a,b',c", ['a,b', 'c']],
  ['{f,g},[h,i],(j,k)', ['{f,g}', '[h,i]', '(j,k)']],
  ['{a}b,c{d,e}f,g', ['{a}b', 'c{d,e}f', 'g']],
  ['x"y,z"', ['x"y,z"']],
  ['x"a\\",b",c', ['x"a\\",b"', 'c']],
  ['("a)",b),c', ['("a)",b)', 'c']],
  ["{'a},b'},c", ["{'a},b'}", 'c']],
  ['  "a",b', ['  "a"', 'b']],
  ['"a""b,c",d', ['a""b,c', 'd']],
  // Escapes
  ['"a\\"b\\n"', ['a"b\n']],
  ['"\\u00e9\\x41\\101\\xc3\\xa9\\U0001F600"', ['éAAé😀']],
  ['"\\q"', ['\\q']],
  ['"a\\\',b"', ["a\\',b"]],
  ["'a\\'b',c", ["a'b", 'c']],
  ["'a\\\\b'", ['a\\b']],
  ["'a\\\"b'", ['a\\"b']],
  // Never closed
  ['"abc', ['"abc']],
  ['"', ['"']],
  ['{a,b', ['{a', 'b']],
  ['a}b,c', ['a}b', 'c']],
  ['{[a,b},c],d', ['{[a', 'b}', 'c]', 'd']],
  ['{a"b,c},d', ['{a"b', 'c}', 'd']],
  ['(]a,b),c', ['(]a', 'b)', 'c']],
]
for (const [text, items] of CASES) {
  test(`${text === '' ? 'empty text' : text.replaceAll('\n', '\\n')} has ${items.length} items`, t => {
    t.deepEqual(splitList(text), items)
  })
}

test('only items that would be split are quoted', t => {
  t.is(joinList(['a,b', 'c', '', 'x"y', 'a}b']), '"a,b",c,,"x\\"y",a}b')
})
