import test from 'ava'
import fc from 'fast-check'
import type { AnswerHandler, AnswerHead } from '../../lib/shard/exchange.ts'
import { FetchMemory } from '../../lib/shard/fetch-memory.ts'
import { AnswerReader } from '../../lib/shard/http-answer.ts'

/** Everything that a reader says about an answer. */
type Outcome = {
  heads: Pick<AnswerHead, 'status' | 'contentType' | 'contentLength'>[]
  body: string
  end: 'complete' | 'fault' | 'open' | 'until close'
  fault: string | undefined
  /** Bytes that belong to the answer, if it is complete. */
  usedBytes: number | undefined
  isPersistent: boolean
}

class Recorder implements AnswerHandler {
  heads: Outcome['heads'] = []
  body = ''

  onHead({ status, contentType, contentLength }: AnswerHead): void {
    this.heads.push({ status, contentType, contentLength })
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    if (start >= end) throw new Error('there is something in each piece')
    this.body += bytes.toString('latin1', start, end)
  }

  onEnd(): void {
    throw new Error('the owner of a reader says so, not the reader')
  }

  onError(): void {
    throw new Error('the owner of a reader says so, not the reader')
  }
}

/** Reads an answer in pieces of the given sizes, each from the same place in memory, as a socket does. */
function read(answer: Buffer, sizes: readonly number[], reader = new AnswerReader(new FetchMemory())): Outcome {
  const memory = Buffer.alloc(answer.length + 10)
  const handler = new Recorder()
  let used = 0
  reader.begin(handler)
  for (let turn = 0; used < answer.length && reader.fault === undefined && !reader.isComplete; turn++) {
    const size = Math.min(answer.length - used, sizes[turn] ?? answer.length)
    memory.fill('\n')
    answer.copy(memory, 3, used, used + size)
    used += reader.read(memory, 3, 3 + size) - 3
  }
  const { fault, isComplete, endsWithConnection, isPersistent } = reader
  let end: Outcome['end'] = 'open'
  if (fault !== undefined) end = 'fault'
  else if (isComplete) end = 'complete'
  else if (endsWithConnection) end = 'until close'
  reader.stop()
  const usedBytes = end === 'complete' ? used : undefined
  return {
    heads: handler.heads,
    body: handler.body,
    end,
    fault,
    usedBytes,
    isPersistent: end === 'complete' && isPersistent,
  }
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')

const whole = (text: string, reader?: AnswerReader) => read(latin1(text), [], reader)

test('a body ends where its head says', t => {
  const reader = new AnswerReader(new FetchMemory())
  const cases: [text: string, end: Outcome['end'], body: string, rest: string][] = [
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\nHTTP', 'complete', 'up 1\n', 'HTTP'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1', 'open', 'up 1', ''],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nx', 'complete', '', 'x'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup 1\n\r\n0\r\n\r\n\r\n', 'complete', 'up 1\n', '\r\n'],
    [
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nup\r\n0\r\n\r\n',
      'complete',
      'up',
      '',
    ],
    ['HTTP/1.1 200 OK\r\n\r\nup 1\n', 'until close', 'up 1\n', ''],
    ['HTTP/1.1 204 None\r\nContent-Length: 5\r\n\r\nup 1\n', 'complete', '', 'up 1\n'],
    ['HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'complete', '', '0\r\n\r\n'],
    [
      'HTTP/1.1 100 Go on\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
      'complete',
      'x',
      '',
    ],
    ['HTTP/1.1 102 Wait\r\n\r\n', 'open', '', ''],
  ]
  for (const [text, end, body, rest] of cases) {
    const outcome = whole(text, reader)
    t.is(outcome.end, end, text)
    t.is(outcome.body, body, text)
    if (end === 'complete') t.is(outcome.usedBytes, text.length - rest.length, text)
    t.is(outcome.heads.length, text.includes(' 102 ') ? 0 : 1, text)
  }
})

test('what is no answer is a fault', t => {
  t.is(whole('SSH-2.0-OpenSSH_9.9\r\n').fault, 'the answer is not HTTP/1.0 or HTTP/1.1')
  t.is(whole('\r\n').fault, 'the answer is not HTTP/1.0 or HTTP/1.1')
  t.regex(whole('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx').fault!, /gzip is not understood/)
  t.regex(whole('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxx').fault!, /no size/)
  t.regex(whole('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nxx').fault!, /another protocol/)
})

for (const limit of [100, 4096, 16_384, 20_000]) {
  test(`a head has ${limit} bytes at most if so many are allowed, interim ones each on their own`, t => {
    const head = (bytes: number) => {
      const start = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: '
      return `${start}${'x'.repeat(bytes - start.length - 4)}\r\n\r\n`
    }
    const interim = head(limit - 10).replace('200', '103')
    const reader = new AnswerReader(new FetchMemory(limit))
    for (const sizes of [[], [50, 70], Array.from({ length: 40_000 }, () => 1)]) {
      t.is(read(latin1(`${head(limit)}up`), sizes, reader).body, 'up')
      const fault = new RegExp(`more than ${limit} bytes; see -promscrape\\.maxResponseHeadersSize`)
      t.regex(read(latin1(`${head(limit + 1)}up`), sizes, reader).fault!, fault)
      t.regex(read(latin1('HTTP/1.1 200 OK\r\nX: '.padEnd(limit, 'x')), sizes, reader).fault!, fault)
      t.is(read(latin1(`${interim}${interim}${head(100)}up`), sizes, reader).body, 'up')
    }
  })

  test(`memory for heads that come in parts is given back if ${limit} bytes are allowed`, t => {
    const memory = new FetchMemory(limit)
    const reader = new AnswerReader(memory)
    for (const text of ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 'HTTP/1.1 200', 'HTTP/1.1 200\r\n:\r\n\r\n']) {
      read(latin1(text), [9, 1, 1], reader)
      const isPooled = limit <= memory.large.sizeBytes
      t.is(memory.large.freeBytes + memory.small.freeBytes > 0, isPooled, text)
      t.true(memory.large.freeBytes <= memory.large.sizeBytes && memory.small.freeBytes <= memory.small.sizeBytes)
    }
  })
}

test('a handler that gives up hears nothing any more', t => {
  const reader = new AnswerReader(new FetchMemory())
  const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nup\r\n2\r\n 1\r\n0\r\n\r\n'
  for (const when of ['onHead', 'onBody'] as const) {
    let calls = 0
    const recorder = new Recorder()
    recorder[when] = () => {
      calls++
      reader.stop()
    }
    reader.begin(recorder)
    reader.read(latin1(text), 0, text.length)
    t.is(calls, 1)
    t.is(recorder.body, '')
    t.true(reader.isComplete)
  }
})

const token = fc.string({ unit: fc.constantFrom(...'abcXYZ-019_'), minLength: 1, maxLength: 8 })
const value = fc.string({ unit: fc.constantFrom(...'abc ;="/\xe9\t'), maxLength: 12 })
const data = fc.string({ unit: 'binary-ascii', maxLength: 60 })
const newline = fc.constantFrom('\r\n', '\r\n', '\n')
const header = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(token, value).map(([name, text]) => `X-${name}: ${text}`) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'Content-Type: text/plain',
      'content-encoding:gzip',
      'Connection: close',
      'Keep-Alive: timeout=5',
      'X-Fold: a\r\n b',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('Content-Length: 3', 'Transfer-Encoding: chunked', 'bad', 'Content-Length: x'),
  },
)

/** A body in its framing, with the header that says so. */
const framed = fc.oneof(
  data.map(body => [`Content-Length: ${body.length}`, body] as const),
  data.map(body => ['X-Until: close', body] as const),
  fc.array(fc.tuple(data, fc.constantFrom('', ';x=y')), { maxLength: 5 }).map(chunks => {
    const lines = chunks
      .filter(([body]) => body !== '')
      .map(([body, x]) => `${body.length.toString(16)}${x}\r\n${body}\r\n`)
    return ['Transfer-Encoding: chunked', `${lines.join('')}0\r\nA: b\r\n\r\n`] as const
  }),
)

const answerText = fc
  .record({
    interim: fc.constantFrom('', '', 'HTTP/1.1 103 Early\r\nLink: x\r\n\r\n'),
    minor: fc.constantFrom('1', '1', '0'),
    status: fc.constantFrom(200, 200, 200, 204, 302, 503),
    headers: fc.array(header, { maxLength: 4 }),
    framed,
    newline,
    after: fc.constantFrom('', '', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx', 'garbage'),
  })
  .map(({ interim, minor, status, headers, framed: [framing, body], newline: end, after }) =>
    [`${interim}HTTP/1.${minor} ${status} Text`, ...headers, framing, '', `${body}${after}`].join(end),
  )
/** Also what is cut short, and what has a byte that does not belong. */
const answer = fc
  .tuple(answerText, fc.option(fc.nat(300)), fc.option(fc.tuple(fc.nat(300), fc.integer({ min: 0, max: 255 }))))
  .map(([text, length, wrong]) => {
    const bytes = latin1(text).subarray(0, length ?? text.length)
    if (wrong !== null && wrong[0] < bytes.length) bytes[wrong[0]] = wrong[1]
    return bytes
  })

test('any answer means the same, however it is cut', t => {
  const reader = new AnswerReader(new FetchMemory())
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 40 })
  const ends = new Map<string, number>()
  const property = fc.property(answer, sizes, (bytes, cuts) => {
    const expected = read(bytes, [])
    t.deepEqual(read(bytes, cuts, reader), expected)
    t.deepEqual(
      read(
        bytes,
        Array.from(bytes, () => 1),
        reader,
      ),
      expected,
    )
    ends.set(expected.end, (ends.get(expected.end) ?? 0) + 1)
  })
  fc.assert(property, { numRuns: 1500 })
  t.is(ends.size, 4, 'all kinds of ends were met')
})

test('an answer means the same for each place where it is cut in two', t => {
  const text =
    'HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n' +
    '5;x=y\r\nup 1\n\r\n0a\r\n0123456789\r\n0\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'
  const expected = whole(text)
  t.is(expected.body, 'up 1\n0123456789')
  for (let cut = 1; cut < text.length; cut++) t.deepEqual(read(latin1(text), [cut]), expected, `cut at ${cut}`)
})

test('any bytes end in a fault or are an answer', t => {
  const reader = new AnswerReader(new FetchMemory())
  const start = fc.constantFrom('', '', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  const property = fc.property(start, fc.uint8Array({ maxLength: 400 }), (text, garbage) => {
    const bytes = Buffer.concat([latin1(text), garbage])
    const outcome = read(bytes, [7, 1, 30], reader)
    t.deepEqual(outcome, read(bytes, []))
    if (text === '' && garbage.length > 0 && garbage[0] !== 0x48) t.is(outcome.end, 'fault')
  })
  fc.assert(property, { numRuns: 2000 })
})
