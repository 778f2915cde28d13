import test from 'ava'
import fc from 'fast-check'
import { ChunkReader } from '../../lib/shard/http-chunks.ts'

type Outcome = { data: string; ended: boolean; fault: string | undefined; rest: string }

/** Reads a text in pieces of the given sizes; the last size holds for what remains. */
function read(text: string, sizes: readonly number[] = [text.length], chunks = new ChunkReader()): Outcome {
  const bytes = Buffer.from(text, 'latin1')
  let data = ''
  let at = 0
  chunks.begin()
  for (let turn = 0, start = 0; start < bytes.length; turn++) {
    const end = Math.min(bytes.length, start + Math.max(1, sizes[turn] ?? sizes.at(-1) ?? 1))
    for (at = start; at < end && !chunks.ended && chunks.fault === undefined; ) {
      at = chunks.seek(bytes, at, end)
      const size = Math.min(chunks.left, end - at)
      if (size === 0) break
      data += bytes.toString('latin1', at, at + size)
      chunks.took(size)
      at += size
    }
    if (chunks.ended || chunks.fault !== undefined) break
    start = end
  }
  return { data, ended: chunks.ended, fault: chunks.fault, rest: text.slice(at) }
}

test('sizes, extensions and trailers', t => {
  const whole = { ended: true, fault: undefined, rest: '' }
  t.deepEqual(read('0\r\n\r\n'), { ...whole, data: '' })
  t.deepEqual(read('5\r\nhello\r\n00a\r\n0123456789\r\n0\r\n\r\n'), { ...whole, data: 'hello0123456789' })
  t.deepEqual(read('5;a="b";c\r\nhello\r\n000 ;x\r\n\r\n'), { ...whole, data: 'hello' })
  t.deepEqual(read('1 \t\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\nHTTP'), { ...whole, data: 'x', rest: 'HTTP' })
  t.deepEqual(read(`Fe\r\n${'y'.repeat(0xfe)}\r\n0\r\n\r\n`), { ...whole, data: 'y'.repeat(0xfe) })
})

const FAULTS = {
  'without size': '\r\nx',
  'with an extension only': ';a\r\n',
  'with a sign': '-5\r\nhello\r\n',
  'with a prefix': '0x5\r\nhello\r\n',
  'with a size that is no number': '5g\r\nhello\r\n',
  'with a size that is too large': '10000000000000\r\n',
  'whose size ends in a bare LF': '5\nhello\r\n0\r\n\r\n',
  'whose extension ends in a bare LF': '5;a\nhello\r\n0\r\n\r\n',
  'whose size ends in a bare CR': '5\rhello\r\n0\r\n\r\n',
  'longer than its size': '5\r\nhello!\r\n0\r\n\r\n',
  'that ends in a bare LF': '5\r\nhello\n0\r\n\r\n',
  'followed by a trailer with a bare LF': '0\r\nA: b\n\r\n',
  'followed by a trailer with a bare CR': '0\r\nA: b\rc\r\n\r\n',
  'followed by a bare CR': '0\r\n\rX',
  'with an extension without end': `5;${'a'.repeat(20_000)}`,
  'followed by trailers without end': `0\r\n${'A: b\r\n'.repeat(5000)}`,
}
for (const [title, text] of Object.entries(FAULTS)) {
  test(`a chunk ${title} is a fault, however it is cut`, t => {
    const { ended, fault } = read(text)
    t.false(ended)
    t.truthy(fault)
    t.is(read(text, [1]).fault, fault)
  })
}

test('a body that stops early is neither at its end nor faulty', t => {
  const text = '5;x\r\nhello\r\n0\r\nA: b\r\n\r\n'
  for (let size = 0; size < text.length; size++) {
    const { ended, fault } = read(text.slice(0, size))
    t.false(ended)
    t.is(fault, undefined)
  }
})

test('any body in any chunks comes out the same, however it is cut, one after the other', t => {
  const chunk = fc.record({
    data: fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }),
    zeros: fc.constantFrom('', '0', '000'),
    extension: fc.constantFrom('', '', ';a', ' ; a="b\\"c"', '\t'),
    upper: fc.boolean(),
  })
  const trailers = fc.array(fc.constantFrom('A: b\r\n', 'Content-Length: 7\r\n'), { maxLength: 2 })
  const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 30 })
  const reader = new ChunkReader()
  const property = fc.property(fc.array(chunk, { maxLength: 8 }), trailers, sizes, (chunks, after, cuts) => {
    const lines = chunks.map(({ data, zeros, extension, upper }) => {
      const size = data.length.toString(16)
      return `${zeros}${upper ? size.toUpperCase() : size}${extension}\r\n${data}\r\n`
    })
    const text = `${lines.join('')}0\r\n${after.join('')}\r\n`
    const data = chunks.map(each => each.data).join('')
    t.deepEqual(read(`${text}REST`, cuts, reader).data, data)
    t.deepEqual(read(text, cuts, reader), { data, ended: true, fault: undefined, rest: '' })
  })
  fc.assert(property, { numRuns: 500 })
})
