import test from 'ava'
import fc from 'fast-check'
import { LineCutter } from '../../../lib/shard/push/line-cutter.ts'

/** What the cutter makes of text that comes in these pieces. */
function cut(pieces: readonly string[], lineBytesMax = 1000) {
  const cutter = new LineCutter(lineBytesMax)
  const given: string[] = []
  for (const piece of pieces) {
    const text = Buffer.from(piece)
    given.push(Buffer.concat(cutter.push(text)).toString())
    text.fill(0) // it is on loan
  }
  given.push(Buffer.concat(cutter.end()).toString())
  return { given: given.filter(lines => lines !== ''), oversized: cutter.oversized }
}

test('whole lines are given as soon as they are there, and the rest is kept', t => {
  t.deepEqual(cut(['a\nb', 'c\n\nd', '', 'e']).given, ['a\n', 'bc\n\n', 'de\n'])
  t.deepEqual(cut([]).given, [])
  t.deepEqual(cut(['\n', 'a\n']).given, ['\n', 'a\n'])
})

test('a line that grows too long is left out, wherever its end is', t => {
  t.deepEqual(cut(['a\n12345', '6', '7\nb\n'], 5), { given: ['a\n', 'b\n'], oversized: 1 })
  t.deepEqual(cut(['123456', '7', '8\n'], 5), { given: [], oversized: 1 })
  t.deepEqual(cut(['123456', '78'], 5), { given: [], oversized: 1 })
  t.deepEqual(cut(['123456', '7\n123456', '7\nb'], 5), { given: ['b\n'], oversized: 2 })
  // One that comes in one piece takes no memory.
  t.deepEqual(cut(['1234567\nb\n'], 5), { given: ['1234567\nb\n'], oversized: 0 })
})

test('a comment may be as long as it likes', t => {
  t.deepEqual(cut(['a\n# 345', '678', '9\nb\n'], 5), { given: ['a\n', 'b\n'], oversized: 0 })
  t.deepEqual(cut([' \t# 45', '6', '\nb\n'], 5), { given: ['b\n'], oversized: 0 })
})

test('lines come out as they went in, however the text is cut', t => {
  const line = fc.string({ maxLength: 12 }).map(text => text.replaceAll('\n', '.'))
  const cuts = fc.array(fc.nat(200), { maxLength: 8 })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), cuts, (lines, cuts) => {
      const text = lines.join('\n')
      const ends = [...cuts.filter(at => at < text.length).sort((a, b) => a - b), text.length]
      const pieces = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end))
      const { given, oversized } = cut(pieces)
      t.is(given.join(''), text === '' || text.endsWith('\n') ? text : `${text}\n`)
      t.is(oversized, 0)
      for (const whole of given) t.true(whole.endsWith('\n'))
    }),
  )
})
