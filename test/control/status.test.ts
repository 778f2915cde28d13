import test from 'ava'
import { StatusRequests } from '../../lib/control/status.ts'
import type { TargetStatus, ToShard } from '../../shared/protocol.ts'

function statusOf(id: string): TargetStatus {
  const times = { scrapes: 1, scrapesFailed: 0, lastScrapeMs: 1, lastDurationMs: 1 }
  return { id, up: true, ...times, bodyBytes: 1, samples: 1, error: '' }
}

/** Shards that only note what they are asked. */
function shardsThatListen(count: number) {
  const asked: ToShard[] = []
  return { asked, shards: Array.from({ length: count }, () => ({ send: (message: ToShard) => asked.push(message) })) }
}

test('the answers of all shards make one answer', async t => {
  const requests = new StatusRequests()
  const { asked, shards } = shardsThatListen(2)
  const answer = requests.ask(shards, 'all')
  t.deepEqual(asked, [
    { type: 'status', request: 1, ids: 'all' },
    { type: 'status', request: 1, ids: 'all' },
  ])
  requests.answer(1, [statusOf('a')])
  requests.answer(1, [statusOf('b'), statusOf('c')])
  t.deepEqual([...(await answer).keys()], ['a', 'b', 'c'])
})

test('questions at the same time do not mix', async t => {
  const requests = new StatusRequests()
  const { shards } = shardsThatListen(1)
  const first = requests.ask(shards, 'all')
  const second = requests.ask(shards, ['b'])
  requests.answer(2, [statusOf('b')])
  requests.answer(1, [statusOf('a')])
  t.deepEqual([...(await first).keys()], ['a'])
  t.deepEqual([...(await second).keys()], ['b'])
})

test('an answer that comes too late is dropped', async t => {
  const requests = new StatusRequests()
  const { shards } = shardsThatListen(2)
  const answer = requests.ask(shards, 'all')
  requests.answer(1, [statusOf('a')])
  t.deepEqual([...(await answer).keys()], ['a'])
  t.notThrows(() => requests.answer(1, [statusOf('b')]))
})
