import test from 'ava'
import fc from 'fast-check'
import { endOfHead, HeadParser, mayBeHead } from '../../lib/shard/http-head.ts'

/** Parses lines as they lie in a larger buffer that has other bytes around them. */
function parse(lines: readonly string[], newline = '\r\n', parser = new HeadParser()) {
  const text = [...lines, '', ''].join(newline)
  const bytes = Buffer.from(`\n\r\nX${text}\n: \n`, 'latin1')
  const fault = parser.parse(bytes, 4, 4 + text.length)
  return { parser, fault }
}

test('what a fetch needs is found, in any case of letters and with any blanks', t => {
  const { parser, fault } = parse([
    'HTTP/1.1 307 Temporary Redirect',
    'DATE: Tue, 01 Jul 2025 00:00:00 GMT',
    'content-TYPE:text/plain; version=0.0.4',
    'Content-Encoding: \t gzip \t',
    'LOCATION: /caf\xe9',
    'Content-Length: 0012',
    'Keep-Alive: max=3, timeout=15',
    'X-Empty:',
  ])
  t.is(fault, undefined)
  t.is(parser.status, 307)
  t.is(parser.contentType, 'text/plain; version=0.0.4')
  t.is(parser.contentEncoding, 'gzip')
  t.is(parser.location, '/caf\xe9')
  t.is(parser.contentLength, 12)
  t.is(parser.idleMs, 15_000)
  t.false(parser.chunked)
  t.true(parser.persistent)
})

test('nothing of a head is taken for one of the next', t => {
  const { parser } = parse([
    'HTTP/1.0 200 OK',
    'Content-Type: a',
    'Content-Encoding: gzip',
    'Location: /',
    'Content-Length: 1',
    'Keep-Alive: timeout=1',
    'Connection: close',
  ])
  t.is(parse(['HTTP/1.1 204'], '\r\n', parser).fault, undefined)
  t.is(parser.status, 204)
  t.is(parser.contentType, '')
  t.is(parser.contentEncoding, '')
  t.is(parser.location, undefined)
  t.is(parser.contentLength, undefined)
  t.is(parser.idleMs, undefined)
  t.true(parser.persistent)
})

test('the same texts in head after head are the same strings', t => {
  const parser = new HeadParser()
  for (const type of ['text/plain', 'text/plain', 'text/html!', 'text/plain']) {
    parse(['HTTP/1.1 200 OK', `Content-Type: ${type}`], '\r\n', parser)
    t.is(parser.contentType, type)
  }
})

const PERSISTENT: [lines: string[], persistent: boolean][] = [
  [['HTTP/1.1 200 OK'], true],
  [['HTTP/1.0 200 OK'], false],
  [['HTTP/1.1 200 OK', 'Connection: Close'], false],
  [['HTTP/1.1 200 OK', 'Connection: foo, close'], false],
  [['HTTP/1.1 200 OK', 'Connection: close', 'Connection: keep-alive'], false],
  [['HTTP/1.1 200 OK', 'Connection: closed'], true],
  [['HTTP/1.0 200 OK', 'Connection: Keep-Alive'], true],
  [['HTTP/1.0 200 OK', 'Connection: Keep-Alive', 'Transfer-Encoding: chunked'], false],
  [['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'], true],
  [['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Content-Length: 3'], false],
  [['HTTP/1.1 200 OK', 'Content-Length: 3', 'Transfer-Encoding: Chunked'], false],
]
for (const [lines, persistent] of PERSISTENT) {
  test(`a connection is ${persistent ? '' : 'not '}kept after ${lines.join(' | ')}`, t => {
    const { parser, fault } = parse(lines)
    t.is(fault, undefined)
    t.is(parser.persistent, persistent)
    if (parser.chunked) t.is(parser.contentLength, undefined)
  })
}

test('lines may end in a bare LF', t => {
  const { parser, fault } = parse(['HTTP/1.1 200 OK', 'Content-Length: 7', 'Content-Type: x'], '\n')
  t.is(fault, undefined)
  t.is(parser.contentLength, 7)
  t.is(parser.contentType, 'x')
})

test('a header may be folded, but not what decides about the body', t => {
  const { parser, fault } = parse([
    'HTTP/1.1 200 OK',
    'Content-Type: text/plain;',
    ' \t version=0.0.4',
    'Content-Length: 5',
  ])
  t.is(fault, undefined)
  t.is(parser.contentType, 'text/plain; version=0.0.4')
  t.is(parser.contentLength, 5)
  t.regex(parse(['HTTP/1.1 200 OK', 'Content-Length: 1', ' 2']).fault!, /Content-Length/)
  t.regex(parse(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked,', ' gzip']).fault!, /transfer encoding/)
  t.is(parse(['HTTP/1.1 200 OK', `X: ${'\n '.repeat(8000)}y`]).fault, undefined)
})

const GOOD_STATUS_LINES = ['HTTP/1.1 200 OK', 'HTTP/1.0 999 ', 'HTTP/1.1 200', 'HTTP/1.1 503 Caf\xe9 closed: sorry']
for (const line of GOOD_STATUS_LINES) {
  test(`a status line may be ${line}`, t => {
    const { parser, fault } = parse([line])
    t.is(fault, undefined)
    t.is(parser.status, Number(line.slice(9, 12)))
  })
}

const BAD_HEADS: string[][] = [
  ['HTTP/1.2 200 OK'],
  ['HTTP/2 200 OK'],
  ['http/1.1 200 OK'],
  ['HTTP/1.1  200 OK'],
  ['HTTP/1.1 2000 OK'],
  ['HTTP/1.1 20 OK'],
  ['HTTP/1.1 2x0 OK'],
  ['HTTP/1.1 099 OK'],
  ['HTTP/1.1\t200 OK'],
  ['HTTP/1.1'],
  ['HTTP/1.1 '],
  [''],
  ['HTTP/1.1 200 OK', ' folded'],
  ['HTTP/1.1 200 OK', 'no colon'],
  ['HTTP/1.1 200 OK', ': no name'],
  ['HTTP/1.1 200 OK', 'Content-Length : 5'],
  ['HTTP/1.1 200 OK', 'Caf\xe9: x'],
  ['HTTP/1.1 200 OK', 'X: a\0b'],
  ['HTTP/1.1 200 OK', 'X: a\rb'],
  ['HTTP/1.1 200 OK', 'X: a\x7fb'],
  ['HTTP/1.1 200 OK', 'Content-Length:'],
  ['HTTP/1.1 200 OK', 'Content-Length: -1'],
  ['HTTP/1.1 200 OK', 'Content-Length: +1'],
  ['HTTP/1.1 200 OK', 'Content-Length: 0x1'],
  ['HTTP/1.1 200 OK', 'Content-Length: 1.0'],
  ['HTTP/1.1 200 OK', 'Content-Length: 5, 5'],
  ['HTTP/1.1 200 OK', 'Content-Length: 9999999999999999'],
  ['HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 6'],
  ['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip'],
  ['HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked'],
  ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked, identity'],
  ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
  ['HTTP/1.1 200 OK', 'Transfer-Encoding:'],
]
for (const lines of BAD_HEADS) {
  test(`a head is refused: ${JSON.stringify(lines.join(' | '))}`, t => {
    t.truthy(parse(lines).fault)
  })
}

test('what comes twice: the same length, encodings one after the other, the first place', t => {
  const { parser, fault } = parse([
    'HTTP/1.1 302 Found',
    'Content-Length: 5',
    'Content-Length: 05',
    'Content-Encoding: gzip',
    'Content-Encoding: br',
    'Location: /a',
    'Location: /b',
    'Content-Type: one',
    'Content-Type: two',
  ])
  t.is(fault, undefined)
  t.is(parser.contentLength, 5)
  t.is(parser.contentEncoding, 'gzip, br')
  t.is(parser.location, '/a')
  t.is(parser.contentType, 'one')
})

test('a head ends with its first empty line', t => {
  const ends = (text: string, from = 0) => endOfHead(Buffer.from(text), from, text.length)
  t.is(ends('A\r\n\r\nB\r\n\r\n'), 5)
  t.is(ends('A\n\nB'), 3)
  t.is(ends('A\r\n\nB'), 4)
  t.is(ends('A\n\r\nB'), 4)
  t.is(ends('A\r\n \r\n'), -1)
  t.is(ends('A\r\n\r'), -1)
  t.is(ends('A\n\r\rB\n'), -1)
  t.is(endOfHead(Buffer.from('A\r\n\r\n'), 0, 4), -1)
})

test('any bytes are a head or not, and never more', t => {
  const parser = new HeadParser()
  const line = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
    fc.constantFrom(
      'HTTP/1.1 200 OK',
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
      ' x',
      'Connection: close',
      '\r',
    ),
  )
  const property = fc.property(fc.array(line, { maxLength: 6 }), fc.boolean(), (lines, isHttp) => {
    const text = [...(isHttp ? ['HTTP/1.1 200 OK'] : []), ...lines, '', ''].join('\r\n')
    const bytes = Buffer.from(text, 'latin1')
    const end = endOfHead(bytes, 0, bytes.length)
    const fault = parser.parse(bytes, 0, end)
    if (!mayBeHead(bytes, 0, end)) t.truthy(fault)
    t.true(fault !== undefined || (parser.status >= 100 && parser.status < 1000))
  })
  fc.assert(property, { numRuns: 2000 })
})
