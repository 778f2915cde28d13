import test from 'ava'
import { RECENT_SERIES_MAX, RecentSeries } from '../../lib/demo/recent-series.ts'

function recentSeries() {
  const clock = { nowMs: 1_000_000 }
  return { clock, recent: new RecentSeries(() => clock.nowMs) }
}

test('series are counted once, and no more when they were not seen for a while', t => {
  const { clock, recent } = recentSeries()
  for (const identity of ['a', 'b', 'a']) recent.see(identity)
  t.is(recent.count(), 2)
  clock.nowMs += 5000
  recent.see('b')
  recent.see('c')
  t.is(recent.count(), 3)
  clock.nowMs += 5000
  t.is(recent.count(), 2)
  clock.nowMs += 60_000
  t.is(recent.count(), 0)
})

test('a series that ended does not count', t => {
  const { clock, recent } = recentSeries()
  recent.see('a')
  clock.nowMs += 5000
  recent.see('a')
  recent.end('a')
  t.is(recent.count(), 0)
})

test('however many series come, memory stays within limits', t => {
  const { clock, recent } = recentSeries()
  for (let span = 0; span < 3; span++) {
    for (let series = 0; series < RECENT_SERIES_MAX + 100; series++) recent.see(`${span} ${series}`)
    clock.nowMs += 5000
  }
  t.is(recent.count(), RECENT_SERIES_MAX)
})
