import test from 'ava'
import { LagWatch } from '../../lib/shard/lag-watch.ts'

test('the worst lag counts for a minute, and then what came after it', t => {
  const watch = new LagWatch()
  watch.note(5, 100_000)
  watch.note(40, 110_000)
  watch.note(7, 160_000)
  t.is(watch.maxMs, 40)
  watch.note(3, 160_001)
  t.is(watch.maxMs, 3)
})
