import test from 'ava'
import { Watches } from '../../lib/demo/watch.ts'

const labelsOf = (metric: string, pod: string) => () => [['__name__', metric] as const, ['pod', pod] as const]

test('one series of each metric is followed, in the order of the metrics', t => {
  const watches = new Watches(['a', 'b'])
  watches.see('b1', 1, labelsOf('b', '1'))
  watches.see('a1', 2, labelsOf('a', '1'))
  watches.see('a2', 3, labelsOf('a', '2'))
  watches.see('b1', 4, labelsOf('b', '1'))
  t.deepEqual(watches.samples(), [
    { labels: labelsOf('a', '1')(), value: 2 },
    { labels: labelsOf('b', '1')(), value: 4 },
  ])
})

test('when a series ends, another one of its metric is followed', t => {
  const watches = new Watches(['a'])
  watches.see('a1', 1, labelsOf('a', '1'))
  watches.end('a1')
  t.deepEqual(watches.samples(), [])
  watches.see('a2', 2, labelsOf('a', '2'))
  watches.end('a1')
  t.deepEqual(watches.samples(), [{ labels: labelsOf('a', '2')(), value: 2 }])
})

test('labels are not asked for while all metrics are followed', t => {
  const watches = new Watches(['a'])
  watches.see('a1', 1, labelsOf('a', '1'))
  watches.see('c1', 1, () => t.fail() as never)
  t.pass()
})
