import test, { type ExecutionContext } from 'ava'
import { DiscoveryFailed } from '../../../lib/control/discovery/error.ts'
import { Poller } from '../../../lib/control/discovery/poller.ts'
import type { TargetGroup } from '../../../lib/control/discovery/provider.ts'
import { discovering } from '../../support/discovering.ts'

const groupOf = (target: string): TargetGroup => ({
  kind: 'http_sd_configs',
  source: 'test',
  targets: [target],
  labels: {},
})

type Answer = readonly string[] | Error

/** A source that gives these answers, the last one again and again. */
function poll(t: ExecutionContext, answers: readonly Answer[], intervalMs: number) {
  const state = { asked: 0, closed: 0 }
  const ask = async () => {
    const answer = answers[Math.min(state.asked++, answers.length - 1)]!
    if (answer instanceof Error) throw answer
    return answer.map(groupOf)
  }
  const close = () => {
    state.closed++
  }
  const seen = discovering(t, new Poller({ ask, close }, intervalMs))
  return { state, ...seen }
}

test('a source is asked at an interval, and told of when its groups have changed', async t => {
  const { told, becomes, problems } = poll(t, [['a'], ['a'], ['a', 'b'], ['a', 'b'], []], 1)
  await becomes('a')
  await becomes('a', 'b')
  await becomes()
  t.deepEqual(
    told.map(groups => groups.length),
    [1, 2, 0],
  )
  t.is(told[1]![0], told[0]![0], 'what stayed is the same object')
  t.deepEqual(problems, [])
})

test('a source that has nothing tells so', async t => {
  const { told, started } = poll(t, [[]], 60_000)
  await started
  t.deepEqual(told, [[]])
})

test('what was told stays in force while a source fails, and it is asked again', async t => {
  const { told, becomes, problems } = poll(t, [['a'], new DiscoveryFailed('no'), new DiscoveryFailed('no'), ['b']], 1)
  await becomes('b')
  t.is(told.length, 2)
  t.deepEqual(problems, ['no', 'no'])
})

test('the first attempt ends the start, though it fails', async t => {
  const { told, started, problems } = poll(t, [new DiscoveryFailed('no')], 60_000)
  await started
  t.deepEqual([told, problems], [[], ['no']])
})

test('after a failure a source is asked long before the next interval, unless it wants to be left alone', async t => {
  const soon = poll(t, [new DiscoveryFailed('no'), ['a']], 3_600_000)
  await soon.becomes('a')
  const late = poll(t, [new DiscoveryFailed('no', { retryAfterMs: 3_600_000 }), ['a']], 1)
  await late.started
  await poll(t, [['a'], ['b'], ['c']], 1).becomes('c')
  t.is(late.state.asked, 1)
})

test('a closed poller asks and tells nothing more', async t => {
  const { discoverer, state, told, started } = poll(t, [['a'], ['b']], 1)
  await started
  discoverer.close()
  await poll(t, [['a'], ['b'], ['c']], 1).becomes('c')
  t.deepEqual([state.asked, state.closed, told.length], [1, 1, 1])
})
