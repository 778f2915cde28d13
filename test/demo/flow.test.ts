import test from 'ava'
import { Flow } from '../../lib/demo/flow.ts'

test('a flow without notes is nothing', t => {
  const flow = new Flow()
  t.deepEqual([flow.total, flow.perSecond(), flow.history()], [0, 0, []])
})

test('the rate is that of the last five notes', t => {
  const flow = new Flow()
  flow.note(1, 100)
  t.is(flow.perSecond(), 100)
  for (let seconds = 2; seconds <= 6; seconds++) flow.note(seconds, 100 + 10 * (seconds - 1))
  t.is(flow.perSecond(), 10)
  t.is(flow.total, 150)
})

test('history is the rate at each note, and does not grow for ever', t => {
  const flow = new Flow()
  flow.note(2, 10)
  flow.note(4, 30)
  t.deepEqual(flow.history(), [5, 7.5])
  for (let seconds = 5; seconds < 500; seconds++) flow.note(seconds, seconds)
  t.true(flow.history().length < 100)
})
