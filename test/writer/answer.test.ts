import test from 'ava'
import fc from 'fast-check'
import { type Answer, AnswerInvalid, readAnswer } from '../../lib/writer/answer.ts'

const FOREVER = Number.POSITIVE_INFINITY

function answer(given: Partial<Answer>): Answer {
  return { status: 200, retryAfter: undefined, excerpt: '', isComplete: true, idleMs: FOREVER, ...given }
}

const complete: readonly (readonly [text: string, Partial<Answer>])[] = [
  ['HTTP/1.1 204 No Content\r\n\r\n', { status: 204 }],
  ['HTTP/1.1 204\r\n\r\n', { status: 204 }],
  ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', { status: 204 }],
  ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', { status: 304 }],
  ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', {}],
  ['HTTP/1.1 200 OK\ncontent-length:2\n\nok', { excerpt: 'ok' }],
  ['HTTP/1.1 429 Slow down\r\nRETRY-AFTER:  7 \r\nContent-Length: 0\r\n\r\n', { status: 429, retryAfter: '7' }],
  [
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nRetry-After: 1\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n',
    { status: 204 },
  ],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', {}],
  [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA;x=y\r\n0123456789\r\n0\r\nA: b\r\n\r\n',
    { excerpt: '0123456789' },
  ],
  ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', { idleMs: 0 }],
  ['HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n', {}],
  ['HTTP/1.1 204 No Content\r\nConnection: x, close\r\n\r\n', { status: 204, idleMs: 0 }],
  ['HTTP/1.1 204 No Content\r\nKeep-Alive: max=9, timeout=5\r\n\r\n', { status: 204, idleMs: 5000 }],
  ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n \xc3\xa9\n', { excerpt: 'é' }],
]

for (const [text, expected] of complete) {
  test(`complete: ${JSON.stringify(text)}`, t => {
    t.deepEqual(readAnswer(text), answer(expected))
    t.deepEqual(readAnswer(`${text}H`), answer({ ...expected, idleMs: 0 }), 'followed by something')
    for (let length = 0; length < text.length; length++) {
      t.not(readAnswer(text.slice(0, length))?.isComplete, true, `only ${length} B of it`)
    }
  })
}

const unreadable: readonly (readonly [text: string, Partial<Answer>])[] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', {}],
  ['HTTP/1.1 200 OK\r\nContent-Length: 12345678901234567890\r\n\r\n', {}],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', {}],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n', { excerpt: 'ok' }],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsize\r\n', {}],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n', {}],
]

for (const [text, expected] of unreadable) {
  test(`the status counts, and the connection goes: ${JSON.stringify(text)}`, t => {
    t.deepEqual(readAnswer(text), answer({ ...expected, idleMs: 0 }))
  })
}

test('an answer without a length ends with its connection', t => {
  const head = 'HTTP/1.1 500 Oops\r\n\r\n'
  t.deepEqual(readAnswer(head), answer({ status: 500, isComplete: false, idleMs: 0 }))
  t.deepEqual(readAnswer(`${head}why`), answer({ status: 500, excerpt: 'why', isComplete: false, idleMs: 0 }))
})

test('only the beginning of a body is kept', t => {
  const head = 'HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\n'
  t.is(readAnswer(head + 'x'.repeat(1000))!.excerpt, 'x'.repeat(256))
})

for (const text of [
  '220 mail ready\r\n',
  'HTTP/2 200\r\n\r\n',
  'HTTP/1.2 200 OK\r\n\r\n',
  'HTTP/1.1 20 OK\r\n\r\n',
  'HTTP/1.1 2000 OK\r\n\r\n',
  'HTTP/1.1 099 OK\r\n\r\n',
  'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n',
  `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`,
  'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000),
]) {
  test(`no answer: ${JSON.stringify(text.slice(0, 60))}`, t => {
    t.throws(() => readAnswer(text), { instanceOf: AnswerInvalid })
  })
}

test('a body arrives as it was sent, sized or in chunks of any sizes', t => {
  const latin1 = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map(byte => String.fromCharCode(byte)),
    maxLength: 40,
  })
  fc.assert(
    fc.property(fc.array(latin1, { maxLength: 5 }), fc.boolean(), fc.nat(300), (parts, isChunked, cut) => {
      const body = parts.join('')
      const chunks = parts.filter(part => part !== '').map(part => `${part.length.toString(16)}\r\n${part}\r\n`)
      const text = isChunked
        ? `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`
        : `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      const excerpt = Buffer.from(body, 'latin1').toString('utf8', 0, 256).trim()
      t.deepEqual(readAnswer(text), answer({ excerpt }))
      if (cut < text.length) t.not(readAnswer(text.slice(0, cut))?.isComplete, true)
    }),
  )
})

test('whatever comes is read, awaited or refused with a reason', t => {
  const pieces = [
    'HTTP/1.1 ',
    '200 OK',
    '\r\n',
    '\n',
    'Content-Length: ',
    'Transfer-Encoding: chunked',
    '1',
    'f',
    ':',
    ' ',
    'x',
  ]
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string()), { maxLength: 20 }), parts => {
      try {
        readAnswer(parts.join(''))
      } catch (error) {
        if (!(error instanceof AnswerInvalid)) throw error
      }
    }),
  )
  t.pass()
})
