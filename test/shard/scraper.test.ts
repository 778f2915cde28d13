import { randomBytes } from 'node:crypto'
import test from 'ava'
import type { RelabelRuleSpec } from '../../shared/target.ts'
import { Scraping, type Sent } from '../support/scraping.ts'

const HOUR_MS = 60 * 60 * 1000
const START_MS = 1_700_000_000_000

const textOf = (...numbers: number[]): string => numbers.map(i => `a{i="${i}"} 1\n`).join('')

/** What was sent of the metric `a`: the numbers of its series, `-i` for a stale marker. */
const seriesOf = (sent: Sent): number[] =>
  Object.entries(sent).flatMap(([name, value]) => {
    const i = /^a\{i="(\d+)"\}$/.exec(name)?.[1]
    return i === undefined ? [] : [value === 'stale' ? -i : Number(i)]
  })

const countsOf = (sent: Sent) => ({
  kept: sent.scrape_samples_post_metric_relabeling,
  added: sent.scrape_series_added,
  current: sent.scrape_series_current,
  dropped: sent.scrape_series_limit_samples_dropped,
})

const DROP_EVEN: RelabelRuleSpec = {
  action: 'drop',
  sourceLabels: ['i'],
  separator: ';',
  regex: '.*[02468]',
  targetLabel: '',
  replacement: '$1',
  modulus: 0,
}

test('series over the limit are not sent, and the scrape stays up', async t => {
  const scraping = new Scraping(t, { seriesLimit: 3 })
  let sent = await scraping.scrape(textOf(1, 2), START_MS)
  t.deepEqual(seriesOf(sent), [1, 2])
  t.deepEqual(countsOf(sent), { kept: 2, added: 2, current: 2, dropped: 0 })

  sent = await scraping.scrape(textOf(1, 2, 4, 5, 3), START_MS + 1000)
  t.deepEqual(seriesOf(sent), [1, 2, 4])
  t.deepEqual(countsOf(sent), { kept: 5, added: 3, current: 3, dropped: 2 })
  t.is(sent.up, 1)
  t.is(sent.scrape_series_limit, 3)

  sent = await scraping.scrape(textOf(1, 2, 4, 5, 3), START_MS + 2000)
  t.deepEqual(seriesOf(sent), [1, 2, 4])
  t.deepEqual(countsOf(sent), { kept: 5, added: 0, current: 3, dropped: 2 })

  sent = await scraping.scrape(textOf(1, 5), START_MS + 3000)
  t.deepEqual(seriesOf(sent), [1, -2, -4], 'what has gone leaves no room for others')
  t.deepEqual(countsOf(sent), { kept: 2, added: 0, current: 3, dropped: 1 })
})

test('a failed scrape drops nothing, tells the limit nothing, and the next one is as before', async t => {
  const scraping = new Scraping(t, { seriesLimit: 3, sampleLimit: 4 })
  await scraping.scrape(textOf(1, 2), START_MS)
  let sent = await scraping.scrape(textOf(5, 6, 7, 8, 9), START_MS + 1000)
  t.is(sent.up, 0)
  t.deepEqual(seriesOf(sent), [-1, -2])
  t.deepEqual(countsOf(sent), { kept: 5, added: 0, current: 2, dropped: 0 })
  sent = await scraping.scrape(undefined, START_MS + 2000)
  t.deepEqual(countsOf(sent), { kept: 0, added: 0, current: 2, dropped: 0 })
  sent = await scraping.scrape(textOf(1, 2, 3, 9), START_MS + 3000)
  t.deepEqual(seriesOf(sent), [1, 2, 3])
  t.is(sent.scrape_series_limit_samples_dropped, 1)
})

test('series that remote write relabeling drops count towards the limit, and not as dropped by it', async t => {
  const scraping = new Scraping(t, { seriesLimit: 3 }, {}, { remoteRelabelRules: [DROP_EVEN] })
  const sent = await scraping.scrape(textOf(1, 2, 3, 4, 5), START_MS)
  t.deepEqual(seriesOf(sent), [1, 3])
  t.deepEqual(countsOf(sent), { kept: 5, added: 5, current: 3, dropped: 2 })
})

test('series that metric relabeling drops do not count', async t => {
  const scraping = new Scraping(t, { seriesLimit: 3 }, { metricRelabelRules: [DROP_EVEN] })
  const sent = await scraping.scrape(textOf(1, 2, 3, 4, 5, 7), START_MS)
  t.deepEqual(seriesOf(sent), [1, 3, 5])
  t.deepEqual(countsOf(sent), { kept: 4, added: 6, current: 3, dropped: 1 })
})

test('after 24 hours the first series of the body have their turn, and those that are sent no more become stale', async t => {
  const scraping = new Scraping(t, { seriesLimit: 3 })
  await scraping.scrape(textOf(7, 8, 9), START_MS)
  t.deepEqual(seriesOf(await scraping.scrape(textOf(1, 2, 7, 9), START_MS + 23 * HOUR_MS)), [7, 9, -8])
  const sent = await scraping.scrape(textOf(1, 2, 7, 9), START_MS + 24 * HOUR_MS)
  t.deepEqual(seriesOf(sent), [1, 2, 7, -9])
  t.deepEqual(countsOf(sent), { kept: 4, added: 0, current: 3, dropped: 1 })
  t.is(scraping.counters.get('series'), 3)
  t.deepEqual(seriesOf(await scraping.scrape(textOf(1, 2, 7, 9), START_MS + 25 * HOUR_MS)), [1, 2, 7])
})

test('a window that ends with a failed scrape, or without any series, ends all the same', async t => {
  const scraping = new Scraping(t, { seriesLimit: 2, sampleLimit: 3 })
  await scraping.scrape(textOf(1, 2, 3), START_MS)
  let sent = await scraping.scrape(textOf(3, 4, 5, 6), START_MS + 24 * HOUR_MS)
  t.is(sent.scrape_series_current, 2)
  sent = await scraping.scrape(textOf(3, 4, 5), START_MS + 24 * HOUR_MS + 1000)
  t.deepEqual(seriesOf(sent), [3, 4])
  sent = await scraping.scrape('', START_MS + 49 * HOUR_MS)
  t.deepEqual(seriesOf(sent), [-3, -4])
  t.deepEqual(countsOf(sent), { kept: 0, added: 0, current: 0, dropped: 0 })
  t.deepEqual(seriesOf(await scraping.scrape(textOf(5, 6), START_MS + 50 * HOUR_MS)), [5, 6])
})

test('the order in which a series has its labels makes no difference to the limit, nor to stale markers', async t => {
  const scraping = new Scraping(t, { seriesLimit: 1 })
  const names = (sent: Sent) => Object.entries(sent).filter(([name]) => name.startsWith('m'))
  await scraping.scrape('m{a="1",b="2"} 1\n', START_MS)
  for (const timeMs of [START_MS + 1000, START_MS + 24 * HOUR_MS]) {
    const text = timeMs === START_MS + 1000 ? 'm{b="2",a="1"} 3\n' : 'm{a="1",b="2"} 3\n'
    t.deepEqual(names(await scraping.scrape(text, timeMs)), [['m{a="1",b="2"}', 3]])
  }
})

test('labels of remote write are on all series, stale markers included', async t => {
  const scraping = new Scraping(t, {}, {}, { remoteLabels: [{ name: 'dc', value: 'east' }] })
  let sent = await scraping.scrape('m 1\nn{dc="west"} 2\n', START_MS)
  t.like(sent, { 'm{dc="east"}': 1, 'n{dc="east"}': 2, 'up{dc="east"}': 1 })
  sent = await scraping.scrape('', START_MS + 1000)
  t.like(sent, { 'm{dc="east"}': 'stale', 'n{dc="east"}': 'stale', 'up{dc="east"}': 1 })
})

test('a job without stale markers sends none, and counts no series as added', async t => {
  const scraping = new Scraping(t, {}, { noStaleMarkers: true })
  let sent = await scraping.scrape(textOf(1, 2), START_MS)
  t.is(sent.scrape_series_added, 0)
  sent = await scraping.scrape(textOf(1), START_MS + 1000)
  t.deepEqual(seriesOf(sent), [1])
  t.deepEqual(seriesOf(await scraping.scrape(undefined, START_MS + 2000)), [])
})

for (const bytes of [2, 2000, 2300, 8000, 14_000, 30_000]) {
  test(`auto metrics are whole, be the labels of the target ${bytes} bytes long`, async t => {
    const labels = [{ name: 'annotation', value: randomBytes(bytes / 2).toString('hex') }]
    const limits = { sampleLimit: 10, labelLimit: 10, seriesLimit: 10 }
    const scraping = new Scraping(t, { labels, ...limits })
    const up = (sent: Sent) => Object.entries(sent).map(([name, value]) => [name.replace(/\{.*/, ''), value])
    for (const timeMs of [START_MS, START_MS + 1000]) {
      const sent = Object.fromEntries(up(await scraping.scrape('m 1\n', timeMs)))
      t.is(Object.keys(sent).length, 13)
      t.like(sent, { m: 1, up: 1, scrape_samples_scraped: 1, scrape_timeout_seconds: 1, scrape_labels_limit: 10 })
      t.deepEqual(scraping.timesMs, [timeMs])
    }
    const sent = Object.fromEntries(up(await scraping.scrape(undefined, START_MS + 2000)))
    t.like(sent, { m: 'stale', up: 0, scrape_samples_scraped: 0, scrape_series_limit: 10 })
    t.deepEqual(scraping.timesMs, [START_MS + 2000])
  })
}

test('a target with labels that are too long for auto metrics has none, and is scraped all the same', async t => {
  const scraping = new Scraping(t, { labels: [{ name: 'annotation', value: 'x'.repeat(100_000) }] })
  for (const timeMs of [START_MS, START_MS + 1000]) {
    t.deepEqual(Object.values(await scraping.scrape('m 7\n', timeMs)), [7])
  }
  t.deepEqual(await scraping.scrape(undefined, START_MS + 2000), {
    [`m{annotation="${'x'.repeat(100_000)}"}`]: 'stale',
  })
})
