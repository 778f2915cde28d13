import { setImmediate } from 'node:timers/promises'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { compressSync } from 'snappy'
import type { RelabelRuleSpec } from '../../../shared/target.ts'
import { labelsOf } from '../../support/learning.ts'
import { Pushing, pieceOf, showLine } from '../../support/pushing.ts'

const T = 1_600_000_000_000
const DONE = { state: 'done' }

function rule(fields: Partial<RelabelRuleSpec> & { readonly action: string }): RelabelRuleSpec {
  return { sourceLabels: [], separator: ';', targetLabel: '', replacement: '$1', modulus: 0, ...fields }
}

function linesOf(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => `m{line="${from + index}"} ${from + index}\n`).join('')
}

function showLines(from: number, to: number, timeMs = T): string[] {
  return Array.from({ length: to - from }, (_, index) => `m{line="${from + index}"} ${from + index}@${timeMs}`)
}

/** Lets everything run that does not wait for something outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate()
}

test('a body is published, and answered when all of it is in the ring', async t => {
  const pushing = new Pushing(t)
  const body = `a{x="y"} 1 ${T + 1}\n# a comment\n\nb 2\nup 1\nc 3 0\nd 4`
  t.deepEqual(await pushing.push([body], { timeMs: T }), DONE)
  t.deepEqual(pushing.shown(), [`a{x="y"} 1@${T + 1}`, `b 2@${T}`, `up 1@${T}`, `c 3@${T}`, `d 4@${T}`])
  t.is(pushing.counters.get('pushPrometheusRows'), 5)
  t.is(pushing.counters.get('samplesPublished'), 5)
})

test('samples without a timestamp get the time at which they are read', async t => {
  const pushing = new Pushing(t)
  const before = Date.now()
  await pushing.push(['m 1\n'])
  const [, time] = pushing.shown()[0]!.split('@')
  t.true(Number(time) >= before && Number(time) <= Date.now())
})

test('a timestamp that takes fewer or more bytes than those of today is as good', async t => {
  const pushing = new Pushing(t)
  for (const timeMs of [1, 2 ** 35 - 1, 2 ** 35, 2 ** 42 - 1, 2 ** 42, Number.MAX_SAFE_INTEGER]) {
    await pushing.push([`a 1\nb 2 ${T}\nc 3\n`], { timeMs })
    t.deepEqual(pushing.shown(), [`a 1@${timeMs}`, `b 2@${T}`, `c 3@${timeMs}`])
  }
})

test('a body may be compressed in any of the known ways, and come in pieces', async t => {
  const text = Buffer.from(linesOf(0, 3000))
  const bodies = {
    identity: text,
    gzip: gzipSync(text),
    deflate: deflateSync(text),
    zstd: zstdCompressSync(text),
    snappy: compressSync(text),
  } as const
  for (const [encoding, body] of Object.entries(bodies) as [keyof typeof bodies, Buffer][]) {
    const pushing = new Pushing(t)
    const third = Math.ceil(body.length / 3)
    const pieces = [0, 1, 2].map(index => body.subarray(index * third, (index + 1) * third))
    t.deepEqual(await pushing.push(pieces, { encoding, timeMs: T }), DONE, encoding)
    t.deepEqual(pushing.shown(), showLines(0, 3000), encoding)
    t.deepEqual(await pushing.push([body], { encoding, timeMs: T }), DONE, encoding)
    t.deepEqual(pushing.shown(), showLines(0, 3000), encoding)
  }
})

test('lines that are not valid are left out, counted and shown in the log', async t => {
  const pushing = new Pushing(t)
  t.deepEqual(await pushing.push(['a 1\nbad{ 3\nb 2 3 4 5\nc 3\nd{a="1",a="2"} 4\n'], { timeMs: T }), DONE)
  t.deepEqual(pushing.shown(), [`a 1@${T}`, `c 3@${T}`])
  t.is(pushing.counters.get('pushPrometheusInvalid'), 3)
  t.is(pushing.counters.get('pushPrometheusRows'), 2)
  t.deepEqual(pushing.log, [
    'a line that 192.0.2.1 pushed is not valid, and is left out: "bad{ 3", one of 3 since the last message of this kind',
  ])
})

test('a line that is longer than lines may be is left out, and the next is taken', async t => {
  const pushing = new Pushing(t)
  const long = Buffer.from(`long{a="${'x'.repeat(400_000)}"} 1\n`)
  const pieces = [
    'a 1\n',
    ...[0, 1, 2, 3, 4, 5, 6].map(index => long.subarray(index * 65_536, (index + 1) * 65_536)),
    'b 2\n',
  ]
  t.deepEqual(await pushing.push(pieces, { timeMs: T }), DONE)
  t.deepEqual(pushing.shown(), [`a 1@${T}`, `b 2@${T}`])
  t.is(pushing.counters.get('pushPrometheusInvalid'), 1)
  t.regex(pushing.log[0]!, /"a line of more than 256 KiB"$/)
})

test('extra labels take the place of others, and what remote write does comes after them', async t => {
  const extraLabels = labelsOf({ dc: 'east', empty: '', '': 'x' })
  const plain = new Pushing(t)
  await plain.push(['m{dc="own",empty="e",z="1"} 1\nm 2\n'], { timeMs: T, extraLabels })
  t.deepEqual(plain.shown(), [`m{dc="east",empty="e",z="1"} 1@${T}`, `m{dc="east"} 2@${T}`])

  const relabeled = new Pushing(t, {
    remoteRelabelRules: [
      rule({ action: 'drop', sourceLabels: ['drop'], regex: 'yes' }),
      rule({ action: 'replace', sourceLabels: ['dc'], targetLabel: 'region' }),
    ],
    remoteLabels: labelsOf({ dc: 'west' }),
  })
  await relabeled.push(['m{dc="own",__tmp="t"} 1\nm{drop="yes"} 2\n{"é.x",__name__="n"} 3\n'], {
    timeMs: T,
    extraLabels,
  })
  t.deepEqual(relabeled.shown(), [`m{dc="west",region="east"} 1@${T}`, `n{dc="west",region="east"} 3@${T}`])
  t.is(relabeled.counters.get('pushPrometheusRows'), 3)
  t.is(relabeled.counters.get('samplesDroppedForAll'), 1)

  const named = new Pushing(t)
  await named.push(['m{a="b"} 1\n'], { timeMs: T, extraLabels: labelsOf({ __name__: 'n' }) })
  t.deepEqual(named.shown(), [`n{a="b"} 1@${T}`])
})

test('each view gets the samples under its own labels', async t => {
  const pushing = new Pushing(t, {
    remoteRelabelRules: [rule({ action: 'drop', sourceLabels: ['__name__'], regex: 'nobody' })],
    views: [
      { destinations: 1, relabelRules: [rule({ action: 'drop', sourceLabels: ['__name__'], regex: 'second' })] },
      { destinations: 2, relabelRules: [rule({ action: 'replace', targetLabel: 'view', replacement: 'two' })] },
    ],
    sendMetadata: true,
  })
  const body = `${linesOf(0, 300)}# TYPE second gauge\nsecond 1\nnobody 2\nbad\n`
  t.deepEqual(await pushing.push([body], { timeMs: T }), DONE)
  pushing.take()
  const [one, two] = [1, 2].map(destinations => pushing.byDestinations.get(destinations)!.map(showLine))
  t.deepEqual(one, showLines(0, 300))
  t.deepEqual(two, [...showLines(0, 300).map(line => line.replace('}', ',view="two"}')), `second{view="two"} 1@${T}`])
  t.is(pushing.metadata.length, 2)
  t.is(pushing.counters.get('pushPrometheusRows'), 302)
  t.is(pushing.counters.get('pushPrometheusInvalid'), 1)
  t.is(pushing.counters.get('samplesDroppedForAll'), 1)
  t.deepEqual(pushing.droppedFor(), [1, 0])
})

test('labels of remote write are set without asking for each series, and go over those that are there', async t => {
  const pushing = new Pushing(t, { remoteLabels: labelsOf({ dc: 'east', job: 'remote' }) })
  await pushing.push(['m 1\nm{dc="own",a="b"} 2\n'], { timeMs: T, extraLabels: labelsOf({ job: 'extra' }) })
  t.deepEqual(pushing.shown(), [`m{dc="east",job="remote"} 1@${T}`, `m{a="b",dc="east",job="remote"} 2@${T}`])
  pushing.relabel({ remoteLabels: labelsOf({ dc: '' }) })
  await pushing.push(['m{dc="own",a="b"} 1\n'], { timeMs: T })
  t.deepEqual(pushing.shown(), [`m{a="b"} 1@${T}`])
})

test('rules that come into force hold from the next lines on', async t => {
  const pushing = new Pushing(t)
  const number = pushing.begin('m 1\n', false, { timeMs: T })
  t.deepEqual(await pushing.answer(number, 0), { state: 'more' })
  pushing.relabel({ remoteRelabelRules: [rule({ action: 'replace', targetLabel: 'a', replacement: 'b' })] })
  pushing.pushes.more(number, { piece: pieceOf('m 2\n'), isLast: true })
  t.deepEqual(await pushing.answer(number, 1), DONE)
  t.deepEqual(pushing.shown(), [`m 1@${T}`, `m{a="b"} 2@${T}`])
})

test('labels without a value are none, and rules do not see them', async t => {
  const pushing = new Pushing(t, {
    remoteRelabelRules: [rule({ action: 'labelmap', regex: 'a', replacement: 'b' })],
  })
  await pushing.push(['m{a="",c="d"} 1\n'], { timeMs: T })
  t.deepEqual(pushing.shown(), [`m{c="d"} 1@${T}`])
})

test('types and help texts are passed on once for each body', async t => {
  const pushing = new Pushing(t, { sendMetadata: true })
  t.deepEqual(await pushing.push(['# HELP a first\n', '# TYPE a counter\na 1\n# TYPE b gauge\n', 'b 2\n']), DONE)
  pushing.take()
  const text = Buffer.concat(pushing.metadata).toString('latin1')
  t.deepEqual(text.match(/[a-z]+/g), ['a', 'first', 'b'])
  t.is(pushing.counters.get('pushPrometheusMetadata'), 2)

  const quiet = new Pushing(t, { sendMetadata: false })
  await quiet.push(['# TYPE a counter\na 1\n'])
  quiet.take()
  t.deepEqual(quiet.metadata, [])
})

const damaged: readonly (readonly [string, 'gzip' | 'deflate' | 'zstd' | 'snappy', Buffer, RegExp])[] = [
  ['no gzip', 'gzip', Buffer.from('m 1\n'), /^the gzip body is damaged behind byte \d+, .*: incorrect header check$/],
  ['cut short', 'gzip', gzipSync('m 1\n').subarray(0, 20), /^the gzip body .*: unexpected end of file$/],
  ['with a wrong sum', 'gzip', changed(gzipSync('m 1\n'), -6), /^the gzip body .*: incorrect data check$/],
  ['followed by garbage', 'gzip', Buffer.concat([gzipSync('m 1\n'), Buffer.from('m 2')]), /incorrect header check$/],
  ['no zlib', 'deflate', Buffer.from('m 1\n'), /^the deflate body is damaged/],
  ['no zstd', 'zstd', Buffer.from('m 1\n'), /^the zstd body is damaged/],
  ['empty', 'zstd', Buffer.from(''), /^the zstd body is damaged/],
  ['no snappy', 'snappy', Buffer.from('m 1\n'), /^the snappy body is damaged: .* at byte \d+$/],
]
for (const [what, encoding, body, message] of damaged) {
  test(`a ${encoding} body that is ${what} is refused, and the next one is taken`, async t => {
    const pushing = new Pushing(t)
    const result = await pushing.push([body], { encoding })
    t.like(result, { state: 'refused', error: { code: 'BODY_INVALID', retryable: false } })
    t.regex(result.state === 'refused' ? result.error.message : '', message)
    t.is(pushing.counters.get('pushPrometheusErrors'), 1)
    pushing.take()
    t.deepEqual(await pushing.push(['m 1\n'], { timeMs: T }), DONE)
    t.deepEqual(pushing.shown(), [`m 1@${T}`])
  })
}

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[copy.length + at]! ^= 1
  return copy
}

test('a body that is damaged at its end, after some pieces, is refused at once', async t => {
  const pushing = new Pushing(t)
  const body = gzipSync(linesOf(0, 5000), { level: 0 })
  body[40_000]! ^= 0xff
  body.writeUInt32LE(0, body.length - 8)
  const pieces = [body.subarray(0, 50_000), body.subarray(50_000)]
  const result = await pushing.push(pieces, { encoding: 'gzip' })
  t.like(result, { state: 'refused', error: { code: 'BODY_INVALID' } })
})

test('more than a compressed body may hold is refused, and what came before it was taken', async t => {
  const limits = { textBytesMax: 200_000, snappyBytesMax: 100_000 }
  const pushing = new Pushing(t, { limits, ringBytes: 1 << 22 })
  const text = linesOf(0, 20_000)
  for (const [encoding, body] of [
    ['gzip', gzipSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['snappy', compressSync(text)],
  ] as const) {
    const result = await pushing.push([body], { encoding, timeMs: T })
    t.like(result, { state: 'refused', error: { code: 'BODY_TOO_LARGE', retryable: false } }, encoding)
    const taken = pushing.shown()
    t.deepEqual(taken, showLines(0, taken.length), encoding)
    t.true(encoding === 'snappy' ? taken.length === 0 : taken.length > 1000 && taken.length < 20_000)
  }
  t.deepEqual(await pushing.push([Buffer.from(text)], { timeMs: T }), DONE, 'text that is not compressed has no limit')
})

test('a frame that asks for more memory than a decoder has is refused', async t => {
  const pushing = new Pushing(t)
  // Magic number, a header with a window of 2 ** 30 bytes, and an empty last block (RFC 8878).
  const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 0x01, 0x00, 0x00])
  const result = await pushing.push([frame], { encoding: 'zstd' })
  t.like(result, { state: 'refused', error: { code: 'BODY_INVALID' } })
})

test('while the ring is full a push waits, loses nothing and is answered at its end', async t => {
  const pushing = new Pushing(t, { ringBytes: 1 << 15 })
  const number = pushing.begin(linesOf(0, 4000), true, { timeMs: T })
  const seen: string[] = []
  for (let rounds = 0; pushing.answers(number).length === 0; rounds++) {
    await settle()
    t.true(rounds < 10_000)
    if (pushing.answers(number).length === 0) t.true(pushing.counters.get('ringWaits') > 0)
    seen.push(...pushing.shown(1))
  }
  seen.push(...pushing.shown())
  t.deepEqual(pushing.answers(number), [DONE])
  t.deepEqual(seen, showLines(0, 4000))
})

/** A push that has the kernel and waits for room in the ring. */
async function stuck(t: ExecutionContext) {
  const pushing = new Pushing(t, { ringBytes: 1 << 12 })
  const number = pushing.begin(linesOf(0, 1000), true, { timeMs: T })
  await settle()
  t.true(pushing.counters.get('ringWaits') > 0)
  return { pushing, number }
}

async function drain(pushing: Pushing, number: number): Promise<string[]> {
  const seen: string[] = []
  while (pushing.answers(number).length === 0) {
    seen.push(...pushing.shown())
    await settle()
  }
  return [...seen, ...pushing.shown()]
}

test('a push whose client has gone is dropped if nobody has begun with it, else it is taken', async t => {
  const { pushing, number } = await stuck(t)
  const waiting = pushing.begin('never 1\n', true)
  await settle()
  pushing.pushes.cancel(waiting)
  t.like(await pushing.answer(waiting, 0), { state: 'refused', error: { code: 'PUSH_CUT_OFF', retryable: true } })
  pushing.pushes.cancel(number)
  t.deepEqual(await drain(pushing, number), showLines(0, 1000))
  t.is(pushing.answers(number).length, 1)
  t.is(pushing.counters.get('pushPrometheusErrors'), 0)
})

test('a push that is cancelled between two pieces ends', async t => {
  for (const encoding of ['identity', 'gzip', 'snappy'] as const) {
    const pushing = new Pushing(t)
    const body = encoding === 'gzip' ? gzipSync('m 1\n').subarray(0, 12) : 'm 1\n'
    const number = pushing.begin(body, false, { encoding })
    t.deepEqual(await pushing.answer(number, 0), { state: 'more' })
    pushing.pushes.cancel(number)
    t.like(await pushing.answer(number, 1), { state: 'refused', error: { code: 'PUSH_CUT_OFF' } })
    // Of a push that has ended nothing is known any more.
    pushing.pushes.more(number, { piece: new Uint8Array(0), isLast: true })
    pushing.pushes.cancel(number)
  }
})

test('a shard that stops takes what is there as a whole, and cuts off the rest', async t => {
  const { pushing, number: whole } = await stuck(t)
  const waiting = pushing.begin('waits 1\n', true, { timeMs: T })
  const begun = pushing.begin('begun 1\n', false, { timeMs: T })
  const between = pushing.begin('# nothing yet', false)
  t.deepEqual(await pushing.answer(between, 0), { state: 'more' })
  const stopped = pushing.pushes.stop()
  const late = pushing.begin('late 1\n', true)
  for (const [number, index] of [
    [between, 1],
    [late, 0],
  ] as const) {
    t.like(await pushing.answer(number, index), { state: 'refused', error: { code: 'PUSH_CUT_OFF', retryable: true } })
  }
  const seen = await drain(pushing, whole)
  await stopped
  t.deepEqual([...seen, ...pushing.shown()], [...showLines(0, 1000), `waits 1@${T}`, `begun 1@${T}`])
  t.deepEqual(pushing.answers(whole), [DONE])
  t.deepEqual(pushing.answers(waiting), [DONE])
  t.like(pushing.answers(begun)[0], { state: 'refused', error: { code: 'PUSH_CUT_OFF' } })
})

test('pieces of several pushes take turns, and each push keeps the order of its samples', async t => {
  const pushing = new Pushing(t, { ringBytes: 1 << 22 })
  const push = (name: string) => {
    const pieces = Array.from({ length: 10 }, (_, piece) =>
      Array.from({ length: 100 }, (_, line) => `${name}{piece="${piece}"} ${piece * 100 + line}\n`).join(''),
    )
    return pushing.push(pieces, { timeMs: T })
  }
  await Promise.all(['a', 'b', 'c'].map(push))
  const shown = pushing.shown()
  for (const name of ['a', 'b', 'c']) {
    const values = shown.filter(line => line.startsWith(`${name}{`)).map(line => Number(/ (\d+)@/.exec(line)![1]))
    t.deepEqual(
      values,
      Array.from({ length: 1000 }, (_, value) => value),
    )
  }
})
