import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { PushRouter, type PushStream } from '../../lib/control/push-router.ts'
import type { PushResult, ToShard } from '../../shared/protocol.ts'
import { pieceOf, pushSpecOf } from '../support/pushing.ts'

/** A shard that keeps what it is sent. */
class FakeShard {
  readonly got: ToShard[] = []
  readonly transferred: ArrayBuffer[] = []

  send(message: ToShard, transfer: ArrayBuffer[]): void {
    this.got.push(message)
    this.transferred.push(...transfer)
  }

  /** Numbers of the pushes that have begun here. */
  get pushes(): number[] {
    return this.got.flatMap(message => (message.type === 'push' ? [message.push] : []))
  }
}

const MORE: PushResult = { state: 'more' }
const DONE: PushResult = { state: 'done' }
const CUT_OFF = { state: 'refused', error: { code: 'PUSH_CUT_OFF', retryable: true } } as const

const shardsOf = (count: number) => Array.from({ length: count }, () => new FakeShard())
const send = (push: PushStream, text: string, isLast: boolean) => push.send({ piece: pieceOf(text), isLast })

test('pieces go to the shard one after the other, with their memory, and answers come back', async t => {
  const [shard] = shardsOf(1) as [FakeShard]
  const router = new PushRouter([shard])
  const spec = pushSpecOf({ encoding: 'gzip' })
  const push = router.open(spec)
  const first = pieceOf('a')
  const answers = [push.send({ piece: first, isLast: false })]
  await setImmediate()
  const [number] = shard.pushes as [number]
  t.deepEqual(shard.got, [{ type: 'push', push: number, spec, piece: first, isLast: false }])
  t.deepEqual(shard.transferred, [first.buffer])
  router.answer(number, MORE)
  t.deepEqual(await answers[0], MORE)
  const last = send(push, 'b', true)
  await setImmediate()
  t.like(shard.got[1], { type: 'pushMore', push: number, isLast: true })
  router.answer(number, DONE)
  t.deepEqual(await last, DONE)
  router.answer(number, DONE) // of a push that has ended nothing is known any more
})

test('all pushes of a client go to one shard, and clients spread over all', async t => {
  const shards = shardsOf(3)
  const router = new PushRouter(shards)
  for (let client = 0; client < 60; client++) {
    for (let push = 0; push < 3; push++) void send(router.open(pushSpecOf({ client: `10.0.0.${client}` })), 'm 1', true)
  }
  await setImmediate()
  for (const shard of shards) t.true(shard.pushes.length >= 30, `${shard.pushes.length}`)
  const homes = new Map<string, Set<FakeShard>>()
  for (const shard of shards) {
    for (const message of shard.got) {
      if (message.type !== 'push') continue
      homes.set(message.spec.client, (homes.get(message.spec.client) ?? new Set()).add(shard))
    }
  }
  t.is(homes.size, 60)
  for (const home of homes.values()) t.is(home.size, 1)
})

test('a refusal that comes between two pieces is the answer to the next one', async t => {
  const [shard] = shardsOf(1) as [FakeShard]
  const router = new PushRouter([shard])
  const push = router.open(pushSpecOf())
  const first = send(push, 'a', false)
  await setImmediate()
  const [number] = shard.pushes as [number]
  router.answer(number, MORE)
  await first
  const refused: PushResult = { state: 'refused', error: { code: 'BODY_INVALID', retryable: false, message: 'no' } }
  router.answer(number, refused)
  t.deepEqual(await send(push, 'b', true), refused)
  t.is(shard.got.length, 1)
  push.cancel()
  t.is(shard.got.length, 1, 'of a push that has ended there is nothing to cancel')
})

test('a cancelled push tells its shard, and a piece that is out is still answered', async t => {
  const [shard] = shardsOf(1) as [FakeShard]
  const router = new PushRouter([shard])
  const never = router.open(pushSpecOf())
  never.cancel()
  t.like(await send(never, 'a', true), CUT_OFF)
  t.deepEqual(shard.got, [])

  const push = router.open(pushSpecOf())
  const owed = send(push, 'a', true)
  await setImmediate()
  const [number] = shard.pushes as [number]
  push.cancel()
  push.cancel()
  t.deepEqual(shard.got.slice(1), [{ type: 'pushCancel', push: number }])
  router.answer(number, DONE)
  t.deepEqual(await owed, DONE)
})
