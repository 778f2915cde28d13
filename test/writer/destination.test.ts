import test from 'ava'
import { verdictOf } from '../../lib/writer/destination.ts'
import { Sink, type SinkAnswer } from './sink.ts'
import { openDestination } from './support.ts'

const LONG_MS = 60_000

/** Answers so in turn, then 204. */
function inTurn(...answers: readonly SinkAnswer[]) {
  return (_: unknown, count: number) => answers[count] ?? {}
}

test('a block is delivered, counted, and its memory comes back', async t => {
  const sink = await Sink.open(t)
  const { destination, append, clock, counted, pool, rooms } = openDestination(t, sink.url)
  clock.isFrozen = true
  append('one')
  t.deepEqual(counted('queueBlocks'), { queueBlocks: 1 })
  await sink.until(() => sink.accepted.length === 1)
  t.deepEqual(await destination.stop(LONG_MS), { blocks: 0, samples: 0, bytes: 0 })
  t.deepEqual(counted('blocksSent', 'samplesSent', 'requests2xx', 'retries', 'errors', 'queueBlocks', 'queueBytes'), {
    blocksSent: 1,
    samplesSent: 1,
    requests2xx: 1,
    retries: 0,
    errors: 0,
    queueBlocks: 0,
    queueBytes: 0,
  })
  t.true(counted('bytesSent').bytesSent! > 0)
  t.is(counted('queueHighWaterBytes').queueHighWaterBytes, counted('bytesSent').bytesSent)
  t.is(pool.takenBytes, 0)
  t.is(rooms(), 1)
})

test('what is refused for ever and what is tried again is decided by the status', t => {
  const statuses = [200, 204, 299, 301, 400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 502, 503, 504]
  t.deepEqual(
    statuses.filter(status => verdictOf(status) === 'accepted'),
    [200, 204, 299],
  )
  t.deepEqual(
    statuses.filter(status => verdictOf(status) === 'refused'),
    [400, 409, 413, 415],
  )
})

for (const status of [301, 401, 403, 404, 429, 500, 503]) {
  test(`a block answered with ${status} is tried again until it is accepted, then the next one follows`, async t => {
    const sink = await Sink.open(t, inTurn({ status }, { status }, { status }))
    const { append, clock, counted } = openDestination(t, sink.url)
    append('one')
    append('two')
    await sink.until(() => sink.accepted.length === 2)
    t.deepEqual(sink.accepted, ['one', 'two'])
    t.deepEqual(clock.sleepsMs, [1000, 2000, 4000])
    t.deepEqual(counted('retries', 'blocksDropped', 'errors'), { retries: 3, blocksDropped: 0, errors: 0 })
  })
}

for (const status of [400, 409, 413, 415]) {
  test(`a block answered with ${status} is dropped, counted and told`, async t => {
    const sink = await Sink.open(t, inTurn({ status, body: 'no "thanks"' }))
    const { append, clock, counted, lines } = openDestination(t, sink.url)
    append('one')
    append('two')
    await sink.until(() => sink.accepted.length === 1)
    t.deepEqual(sink.accepted, ['two'])
    t.deepEqual(clock.sleepsMs, [])
    t.deepEqual(counted('blocksDropped', 'samplesDropped', 'requests4xx', 'retries'), {
      blocksDropped: 1,
      samplesDropped: 1,
      requests4xx: 1,
      retries: 0,
    })
    t.true(counted('bytesDropped').bytesDropped! > 0)
    t.is(lines.length, 1)
    t.regex(
      lines[0]!,
      new RegExp(`^error 1:secret-url answered ${status}: "no \\\\"thanks\\\\""; dropping a block of 1 samp`),
    )
  })
}

test('Retry-After takes the place of the delay, in seconds or as a date', async t => {
  const sink = await Sink.open(
    t,
    inTurn(
      { status: 429, headers: { 'Retry-After': '7' } },
      { status: 503, headers: { 'Retry-After': 'Thu, 01 Jan 2026 00:00:27 GMT' } },
      { status: 503, headers: { 'Retry-After': '86400' } },
      { status: 503 },
    ),
  )
  const { append, clock } = openDestination(t, sink.url)
  append('one')
  await sink.until(() => sink.accepted.length === 1)
  t.deepEqual(clock.sleepsMs, [7000, 20_000, 60_000, 8000])
})

test('a lost connection is tried again at once, then with delays', async t => {
  const sink = await Sink.open(t, inTurn({}, { reset: true }, { reset: true }, { reset: true }))
  const { append, clock, counted } = openDestination(t, sink.url)
  append('one')
  append('two')
  await sink.until(() => sink.accepted.length === 2)
  t.deepEqual(sink.accepted, ['one', 'two'])
  t.deepEqual(clock.sleepsMs, [2000, 4000])
  t.deepEqual(counted('retries', 'errors'), { retries: 3, errors: 2 }) // the first was on a kept connection
})

test('a kept connection that turns out to be closed costs no delay, no error and no log line', async t => {
  const sink = await Sink.open(t, inTurn({}, { reset: true }))
  const { append, clock, counted, lines } = openDestination(t, sink.url)
  append('one')
  append('two')
  await sink.until(() => sink.accepted.length === 2)
  t.deepEqual(sink.accepted, ['one', 'two'])
  t.is(sink.connections, 2)
  t.deepEqual(clock.sleepsMs, [])
  t.deepEqual(lines, [])
  t.deepEqual(counted('retries', 'errors'), { retries: 1, errors: 0 })
})

test('a server that hangs is given up after the send timeout and tried again', async t => {
  const sink = await Sink.open(t, inTurn({ hang: true }))
  const { append, counters, lines } = openDestination(t, sink.url, { sendTimeoutMs: 500 })
  append('one')
  await sink.until(() => sink.accepted.length === 1)
  t.true(counters.get('errors') >= 1) // more if this machine is too busy to answer in time
  t.is(counters.get('retries'), counters.get('errors'))
  t.is(lines.length, 1)
  t.regex(lines[0]!, /^warn 1:secret-url gave no answer: no answer within 500 ms.*; trying again in 1\.0 s$/)
})

test('a server that is down gets everything in order when it is back', async t => {
  const sink = await Sink.open(t)
  await sink.close()
  const { append, clock, lines } = openDestination(t, sink.url)
  for (const text of ['one', 'two', 'three']) append(text)
  while (clock.sleepsMs.length < 20) await new Promise(setImmediate)
  await sink.reopen()
  await sink.until(() => sink.accepted.length === 3)
  t.deepEqual(sink.accepted, ['one', 'two', 'three'])
  t.true(lines.every(line => /^warn 1:secret-url gave no answer: .*ECONNREFUSED/.test(line)))
  t.true(lines.length < clock.sleepsMs.length)
})

test('each lane has one request under way, and lanes do not wait for each other', async t => {
  let failures = 30
  const sink = await Sink.open(t, () => (failures-- > 0 && failures % 3 !== 0 ? { status: 500 } : { delayMs: 2 }))
  const { append } = openDestination(t, sink.url, { queues: 3 })
  const expected = new Map<number, string[]>()
  for (let n = 0; n < 60; n++) {
    const shard = (n * 7) % 5
    const text = `${shard} ${n}`
    append(text, shard)
    expected.set(shard, [...(expected.get(shard) ?? []), text])
  }
  await sink.until(() => sink.accepted.length === 60)
  for (const [shard, texts] of expected) {
    t.deepEqual(
      sink.accepted.filter(text => text.startsWith(`${shard} `)),
      texts,
    )
  }
  t.is(sink.concurrencyMax, 3)
})

test('stopping tries once more at once and tells what is left after the grace', async t => {
  const sink = await Sink.open(t, () => ({ status: 503 }))
  const { destination, append, clock, pool, counted } = openDestination(t, sink.url)
  clock.isFrozen = true
  append('one')
  append('two')
  while (clock.sleepsMs.length < 1) await new Promise(setImmediate)
  const stopped = destination.stop(4000)
  while (clock.sleepsMs.length < 3) await new Promise(setImmediate)
  t.is(sink.requests.length, 2)
  t.deepEqual(clock.sleepsMs.toSorted(), [1000, 2000, 4000])
  clock.advance(2000)
  while (clock.sleepsMs.length < 4) await new Promise(setImmediate)
  t.is(sink.requests.length, 3)
  clock.advance(2000)
  t.like(await stopped, { blocks: 2, samples: 2 })
  t.deepEqual(counted('queueBlocks'), { queueBlocks: 0 })
  t.is(pool.takenBytes, 0)
})

test('a request under way is cut off at the end of the grace', async t => {
  const sink = await Sink.open(t, () => ({ hang: true }))
  const { destination, append, pool } = openDestination(t, sink.url)
  append('one')
  append('two')
  await sink.until(() => sink.requests.length === 1)
  const lost = await destination.stop(10)
  t.is(lost.blocks, 2)
  t.is(lost.samples, 2)
  t.is(pool.takenBytes, 0)
})
