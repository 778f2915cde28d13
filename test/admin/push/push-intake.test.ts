import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { PIECE_BYTES_MAX } from '../../../lib/admin/push/body-pieces.ts'
import { type IncomingPush, PushIntake, type PushOptions } from '../../../lib/admin/push/push-intake.ts'
import { pushSpecOf } from '../../support/pushing.ts'
import { FakeSink, type SunkPush } from './fake-sink.ts'

const LONG_MS = 600_000
const OPTIONS: PushOptions = { concurrentMax: 2, queueMsMax: LONG_MS, memoryBytesMax: 1 << 20 }

async function* bodyOf(...chunks: readonly (string | Buffer | Error)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk
    yield Buffer.from(chunk as string)
  }
}

function incoming(fields: Partial<IncomingPush> = {}): IncomingPush {
  return { spec: pushSpecOf(), body: bodyOf('m 1\n'), sizeBytes: 4, onOver: () => {}, ...fields }
}

function gauge(intake: PushIntake, name: string): number {
  return intake.families().find(family => family.name === name)!.samples[0]!.value
}

const LARGE = Buffer.alloc(3 * PIECE_BYTES_MAX - 10, 'x')

test('a body goes to the sink in pieces, one after the other, and everything borrowed is given back', async t => {
  const sink = new FakeSink()
  const intake = new PushIntake(OPTIONS, sink)
  await intake.take(incoming({ body: bodyOf(LARGE), sizeBytes: undefined }))
  const [push] = sink.pushes
  t.deepEqual(
    push!.pieces.map(piece => piece.length),
    [PIECE_BYTES_MAX, PIECE_BYTES_MAX, PIECE_BYTES_MAX - 10],
  )
  t.true(Buffer.concat(push!.pieces).equals(LARGE))
  t.true(push!.isLast)
  t.is(sink.outMax, 1)
  t.is(gauge(intake, 'vm_concurrent_insert_current'), 0)
  t.is(gauge(intake, 'penstock_push_memory_bytes'), 0)
})

test('no more pieces are worked on at a time than is allowed, and all get their turn', async t => {
  const sink = new FakeSink(true)
  const intake = new PushIntake(OPTIONS, sink)
  const takes = Array.from({ length: 7 }, () => intake.take(incoming()))
  const answered = new Set<SunkPush>()
  for (let done = 0; done < takes.length; done++) {
    await sink.until(() => sink.out === Math.min(2, takes.length - done))
    await setImmediate()
    t.is(gauge(intake, 'vm_concurrent_insert_current'), sink.out)
    const next = sink.pushes.find(push => push.pieces.length === 1 && !answered.has(push))!
    answered.add(next)
    next.answer()
  }
  await Promise.all(takes)
  t.is(sink.outMax, 2)
  t.is(gauge(intake, 'vm_concurrent_insert_capacity'), 2)
  t.is(gauge(intake, 'vm_concurrent_insert_limit_reached_total'), 5)
  t.is(gauge(intake, 'vm_concurrent_insert_limit_timeout_total'), 0)
})

test('a piece that has no turn in time is sent away, and its push is cancelled', async t => {
  const sink = new FakeSink(true)
  const intake = new PushIntake({ ...OPTIONS, concurrentMax: 1, queueMsMax: 0 }, sink)
  const running = intake.take(incoming())
  await sink.until(() => sink.out === 1)
  const error = await t.throwsAsync(intake.take(incoming()), { code: 'PUSH_OVERLOADED' })
  t.like(error, { status: 503, retryable: true })
  t.regex(error.message, /^too busy: a turn \(-maxConcurrentInserts\) was not to be had within 0 ms/)
  t.true(sink.pushes[1]!.cancelled)
  t.is(gauge(intake, 'vm_concurrent_insert_limit_timeout_total'), 1)
  sink.pushes[0]!.answer()
  await running
  t.is(gauge(intake, 'penstock_push_memory_bytes'), 0)
})

test('bodies wait for memory before a byte of them is read', async t => {
  const sink = new FakeSink(true)
  // A body of unknown size takes a piece and a line.
  const intake = new PushIntake({ ...OPTIONS, memoryBytesMax: 2 * 320 * 1024 + 10 }, sink)
  const unread = bodyOf(new Error('read'))
  const running = [0, 1].map(() => intake.take(incoming({ sizeBytes: undefined })))
  await sink.until(() => sink.out === 2)
  t.is(gauge(intake, 'penstock_push_memory_bytes'), 2 * 320 * 1024)
  const small = intake.take(incoming({ sizeBytes: 10 }))
  const large = intake.take(incoming({ body: unread, sizeBytes: 1e9 }))
  await setImmediate()
  t.is(gauge(intake, 'penstock_push_memory_waits_total'), 1, 'the small one fits')
  t.is(sink.pushes.length, 3)
  sink.pushes[0]!.answer()
  await running[0]
  await t.throwsAsync(large, { message: 'read' })
  sink.pushes[1]!.answer()
  await sink.until(() => sink.pushes[2]!.pieces.length === 1)
  sink.pushes[2]!.answer()
  await Promise.all([...running, small])
  t.is(gauge(intake, 'penstock_push_memory_bytes'), 0)
})

test('a body that finds no memory in time is sent away', async t => {
  const sink = new FakeSink(true)
  const intake = new PushIntake({ ...OPTIONS, memoryBytesMax: 100, queueMsMax: 0 }, sink)
  const running = intake.take(incoming({ sizeBytes: 1e6 }))
  await sink.until(() => sink.out === 1)
  await t.throwsAsync(intake.take(incoming()), {
    code: 'PUSH_OVERLOADED',
    message: /^too busy: memory for pushed bodies/,
  })
  t.is(sink.pushes.length, 1)
  sink.pushes[0]!.answer()
  await running
})

test('what a shard refuses is refused, and nothing more is read', async t => {
  for (const [code, retryable, status] of [
    ['BODY_INVALID', false, 400],
    ['BODY_TOO_LARGE', false, 413],
    ['PUSH_CUT_OFF', true, 503],
  ] as const) {
    const sink = new FakeSink(true)
    const intake = new PushIntake(OPTIONS, sink)
    const taking = intake.take(incoming({ body: bodyOf(LARGE, new Error('read on')), sizeBytes: undefined }))
    await sink.until(() => sink.out === 1)
    sink.pushes[0]!.answer({ state: 'refused', error: { code, retryable, message: 'no' } })
    t.like(await t.throwsAsync(taking, { message: 'no' }), { code, retryable, status })
    t.is(sink.pushes[0]!.pieces.length, 1)
    t.is(gauge(intake, 'vm_concurrent_insert_current'), 0)
    t.is(gauge(intake, 'penstock_push_memory_bytes'), 0)
  }
})

test('when the connection breaks the push is cancelled, and a piece that is out keeps its turn until it is answered', async t => {
  const sink = new FakeSink(true)
  const intake = new PushIntake({ ...OPTIONS, concurrentMax: 1 }, sink)
  await t.throwsAsync(intake.take(incoming({ body: bodyOf('m 1', new Error('reset')) })), { message: 'reset' })
  t.true(sink.pushes[0]!.cancelled)

  let hangUp = () => {}
  const taking = intake.take(incoming({ onOver: listener => (hangUp = listener) }))
  await sink.until(() => sink.out === 1)
  hangUp()
  t.true(sink.pushes[1]!.cancelled)
  t.is(gauge(intake, 'vm_concurrent_insert_current'), 1)
  sink.pushes[1]!.answer()
  await taking
  t.is(gauge(intake, 'vm_concurrent_insert_current'), 0)
})
