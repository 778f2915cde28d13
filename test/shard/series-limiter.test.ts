import test from 'ava'
import fc from 'fast-check'
import { SeriesLimiter } from '../../lib/shard/series-limiter.ts'

const HOUR_MS = 60 * 60 * 1000
const START_MS = 1_700_000_000_000

const seriesOf = (name: string) => [{ name: '__name__', value: name }]

/** One scrape that is committed: the series of `names` that are admitted. */
function scrape(limiter: SeriesLimiter, names: readonly string[], timeMs = START_MS): string[] {
  limiter.begin(timeMs)
  const admitted = names.filter(name => limiter.admits(seriesOf(name)))
  limiter.commit()
  return admitted
}

test('who comes first stays, and those that come later do not get in, even when others have gone', t => {
  const limiter = new SeriesLimiter(3)
  t.deepEqual(scrape(limiter, ['a', 'b']), ['a', 'b'])
  t.is(limiter.size, 2)
  t.deepEqual(scrape(limiter, ['a', 'b', 'c', 'd']), ['a', 'b', 'c'])
  t.deepEqual(scrape(limiter, ['d', 'e', 'c']), ['c'])
  t.deepEqual(scrape(limiter, ['e', 'a']), ['a'])
  t.is(limiter.size, 3)
})

test('a series counts once, however often it comes', t => {
  t.deepEqual(scrape(new SeriesLimiter(2), ['a', 'a', 'b', 'a', 'c']), ['a', 'a', 'b', 'a'])
})

test('series are told apart by names and values of all labels', t => {
  const limiter = new SeriesLimiter(1)
  limiter.begin(START_MS)
  t.true(limiter.admits([{ name: 'a', value: 'bc' }]))
  t.false(limiter.admits([{ name: 'ab', value: 'c' }]))
  t.false(limiter.admits([...seriesOf('m'), { name: 'a', value: 'bc' }]))
})

test('a scrape that is not committed leaves nothing behind', t => {
  const limiter = new SeriesLimiter(2)
  scrape(limiter, ['a'])
  limiter.begin(START_MS)
  t.true(limiter.admits(seriesOf('failed')))
  t.is(limiter.size, 1)
  t.deepEqual(scrape(limiter, ['b', 'failed']), ['b'])
})

test('after 24 hours all is forgotten, and a window begins with the next scrape that is committed', t => {
  const limiter = new SeriesLimiter(2)
  t.true(limiter.begin(START_MS))
  scrape(limiter, ['a', 'b'])
  t.false(limiter.begin(START_MS + 24 * HOUR_MS - 1))
  t.deepEqual(scrape(limiter, ['c'], START_MS + 24 * HOUR_MS - 1), [])

  t.true(limiter.begin(START_MS + 24 * HOUR_MS))
  t.true(limiter.admits(seriesOf('c')))
  t.is(limiter.size, 2, 'this scrape fails')
  t.deepEqual(scrape(limiter, ['a', 'c'], START_MS + 24 * HOUR_MS - 1), ['a'], 'a clock that was set back')

  t.deepEqual(scrape(limiter, ['c', 'a', 'b'], START_MS + 25 * HOUR_MS), ['c', 'a'])
  t.is(limiter.size, 2)
  t.false(limiter.begin(START_MS + 48 * HOUR_MS))
  t.true(limiter.begin(START_MS + 49 * HOUR_MS))
})

test('any scrapes are admitted as by a set', t => {
  const step = fc.record({
    names: fc.array(fc.nat(120).map(String), { maxLength: 60 }),
    hours: fc.integer({ min: 0, max: 9 }),
    commits: fc.boolean(),
  })
  const property = fc.property(fc.integer({ min: 1, max: 100 }), fc.array(step, { maxLength: 20 }), (limit, steps) => {
    const limiter = new SeriesLimiter(limit)
    let known = new Set<string>()
    let windowMs = Number.NEGATIVE_INFINITY
    let timeMs = START_MS
    for (const { names, hours, commits } of steps) {
      timeMs += hours * HOUR_MS
      const isNew = timeMs - windowMs >= 24 * HOUR_MS
      const next = new Set(isNew ? [] : known)
      t.is(limiter.begin(timeMs), isNew)
      for (const name of names) {
        if (next.size < limit) next.add(name)
        t.is(limiter.admits(seriesOf(name)), next.has(name))
      }
      if (!commits) continue
      limiter.commit()
      known = next
      if (isNew) windowMs = timeMs
      t.is(limiter.size, known.size)
    }
  })
  fc.assert(property, { numRuns: 200 })
})
