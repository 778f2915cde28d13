import test from 'ava'
import { TargetResponses } from '../../lib/control/target-responses.ts'
import type { TargetResponse, ToShard } from '../../shared/protocol.ts'
import { targetOf } from '../support/specs.ts'

function shardThatListens() {
  const asked: ToShard[] = []
  return { asked, shard: { send: (message: ToShard) => asked.push(message) } }
}

const bodyOf = (text: string): TargetResponse => ({
  ok: true,
  contentType: 'text/plain',
  encoding: 'identity',
  body: Buffer.from(text),
})

test('each request gets its own answer, in whatever order they come', async t => {
  const responses = new TargetResponses()
  const { asked, shard } = shardThatListens()
  const [first, second] = [responses.ask(shard, targetOf(1)), responses.ask(shard, targetOf(2))]
  t.deepEqual(asked, [
    { type: 'response', request: 1, id: targetOf(1).id },
    { type: 'response', request: 2, id: targetOf(2).id },
  ])
  responses.answer(2, undefined)
  responses.answer(1, bodyOf('m 1\n'))
  t.deepEqual([await first, await second], [bodyOf('m 1\n'), undefined])
})

test('a shard that stays silent is not waited for, and its late answer is dropped', async t => {
  const responses = new TargetResponses()
  const { shard } = shardThatListens()
  const answer = await responses.ask(shard, { ...targetOf(1), timeoutMs: -1990 })
  t.like(answer, { ok: false, error: { code: 'TARGET_TIMEOUT', retryable: true } })
  t.notThrows(() => responses.answer(1, bodyOf('late')))
})
