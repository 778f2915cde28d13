import test from 'ava'
import fc from 'fast-check'
import { apart, bar, curve, cut, formatBytes, formatCount, formatTime, paint, textOf } from '../../lib/demo/text.ts'

test('a line that is too long ends in an ellipsis', t => {
  const line = [{ text: 'abc' }, { text: 'defg' }]
  t.is(textOf(cut(line, 7)), 'abcdefg')
  t.is(textOf(cut(line, 6)), 'abcde…')
  t.is(textOf(cut(line, 4)), 'abc…')
  t.is(textOf(cut(line, 2)), 'a…')
  t.is(textOf(cut(line, 0)), '')
})

test('a cut line never is wider than it may be, and cannot write elsewhere', t => {
  const line = fc.array(fc.record({ text: fc.string({ unit: 'binary-ascii' }) }))
  fc.assert(
    fc.property(line, fc.nat(50), (spans, columns) => {
      const text = textOf(cut(spans, columns))
      t.true(text.length <= columns)
      t.false([...text].some(character => character < ' ' || character === '\x7f'))
    }),
  )
})

test('styles are there with colours only', t => {
  const line = [{ text: 'up', style: 'good' as const }, { text: '!' }]
  t.is(paint(line, false), 'up!')
  t.is(paint(line, true), '\x1b[32mup\x1b[39m!')
})

test('the second of two lines is put at the end if there is room', t => {
  t.is(textOf(apart([{ text: 'a' }], [{ text: 'b' }], 5)), 'a   b')
  t.is(textOf(apart([{ text: 'abc' }], [{ text: 'de' }], 5)), 'abc')
})

const shows = test.macro({
  title: (_, shown: string) => `a number of bytes is shown as ${shown}`,
  exec(t, shown: string, bytes: number) {
    t.is(formatBytes(bytes), shown)
  },
})
test(shows, '0 B', 0)
test(shows, '999 B', 999)
test(shows, '1.0 KiB', 1000)
test(shows, '4.0 KiB', 4096)
test(shows, '96.1 MiB', 100_768_154)
test(shows, '-2.0 MiB', -2 * 1024 * 1024)
test(shows, '3.0 GiB', 3 * 1024 ** 3)

test('bytes never take more than nine characters, up to the largest unit', t => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 * 1024 ** 4 }), bytes => {
      t.regex(formatBytes(bytes), /^\d{1,4}(\.\d)? [KMGT]?i?B$/)
      t.true(formatBytes(bytes).length <= 9)
    }),
  )
})

test('counts and times are shown for people', t => {
  t.is(formatCount(1_234_567.4), '1,234,567')
  t.is(formatTime(7.9), '0:07')
  t.is(formatTime(3661), '61:01')
})

test('a curve goes from nothing to its highest value', t => {
  t.is(curve([0, 1, 2, 4, 8], 8), '▁▂▃▅█')
  t.is(curve([9, 0, 8], 2), '▁█')
  t.is(curve([0, 0], 8), '▁▁')
  t.is(curve([], 8), '')
})

test('a bar shows whatever is not empty', t => {
  t.is(bar(0, 4), '░░░░')
  t.is(bar(0.001, 4), '█░░░')
  t.is(bar(0.5, 4), '██░░')
  t.is(bar(1, 4), '████')
})
