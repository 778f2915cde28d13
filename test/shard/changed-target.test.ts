// A target whose options change is the same target: of its series only those end that there are no more.
import test from 'ava'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { parseYaml } from '../../lib/yaml/source.ts'
import { Scraping, type Sent } from '../support/scraping.ts'

const START_MS = 1_700_000_000_000
const at = (scrape: number) => START_MS + scrape * 1000

const rules = (yaml: string) => parseRules(parseYaml('r.yml', yaml, { strict: true }).root).rules

/** What was sent, without the series that a scrape writes about itself unless they have ended. */
const seriesOf = (sent: Sent) =>
  Object.fromEntries(Object.entries(sent).filter(([name, value]) => value === 'stale' || !/^(up|scrape_)/.test(name)))

test('of other rules for metrics a series notices nothing, unless it is dropped by them', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape('a 1\nb 2\nc 3\n', at(0))
  scraping.change({}, { metricRelabelRules: rules('[{action: drop, source_labels: [__name__], regex: b}]') })
  const sent = await scraping.scrape('a 1\nb 2\nc 4\nd 5\n', at(1))
  t.deepEqual(seriesOf(sent), { a: 1, b: 'stale', c: 4, d: 5 })
  t.like(sent, { up: 1, scrape_samples_scraped: 4, scrape_samples_post_metric_relabeling: 3, scrape_series_added: 1 })
  t.deepEqual(seriesOf(await scraping.scrape('a 1\nb 2\nc 4\nd 5\n', at(2))), { a: 1, c: 4, d: 5 })
  scraping.change({}, {})
  t.deepEqual(seriesOf(await scraping.scrape('a 1\nb 2\nc 4\n', at(3))), { a: 1, b: 2, c: 4, d: 'stale' })
})

test('a series ends under the labels that it has no more, and goes on under those that it gets', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape('a{x="1"} 1\nb{y="1"} 2\n', at(0))
  scraping.change(
    {},
    { metricRelabelRules: rules('[{action: labelmap, regex: x, replacement: z}, {action: labeldrop, regex: x}]') },
  )
  t.deepEqual(seriesOf(await scraping.scrape('a{x="1"} 1\nb{y="1"} 2\n', at(1))), {
    'a{z="1"}': 1,
    'b{y="1"}': 2,
    'a{x="1"}': 'stale',
  })
})

test('options that no series shows end none', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape('a 1\nb{x="y"} 2\n', at(0))
  const http = { headers: [['X-Key', 'k']] as const }
  scraping.change({ timeoutMs: 500, intervalMs: 2000, maxBodyBytes: 999 }, { http, disableCompression: true })
  const sent = await scraping.scrape('b{x="y"} 2\na 1\n', at(2))
  t.deepEqual(seriesOf(sent), { a: 1, 'b{x="y"}': 2 })
  t.is(sent.scrape_timeout_seconds, 0.5)
  t.is(sent.scrape_series_added, 0)
})

test('other external labels end all series under the old ones, those of the scrape itself included', async t => {
  const scraping = new Scraping(t, {}, { externalLabels: [{ name: 'dc', value: 'a' }] })
  const before = await scraping.scrape('m 1\n', at(0))
  scraping.change({}, { externalLabels: [{ name: 'dc', value: 'b' }] })
  const sent = await scraping.scrape('m 1\n', at(1))
  for (const name of Object.keys(before)) {
    t.is(sent[name], 'stale', name)
    t.true(name.replace('dc="a"', 'dc="b"') in sent)
  }
  t.is(Object.keys(sent).length, 2 * Object.keys(before).length)
})

test('a series of the scrape itself that goes with a limit ends', async t => {
  const scraping = new Scraping(t, { sampleLimit: 5 })
  t.is((await scraping.scrape('m 1\n', at(0))).scrape_samples_limit, 5)
  scraping.change({ sampleLimit: 0, labelLimit: 7 }, {})
  const sent = await scraping.scrape('m 1\n', at(1))
  t.deepEqual(seriesOf(sent), { m: 1, scrape_samples_limit: 'stale' })
  t.is(sent.scrape_labels_limit, 7)
})

test('if the first scrape with other options fails, all series of before end, and the scrape tells of itself', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape('a 1\nb 2\n', at(0))
  scraping.change({}, { honorLabels: true })
  const sent = await scraping.scrape(undefined, at(1))
  t.deepEqual(seriesOf(sent), { a: 'stale', b: 'stale' })
  t.is(sent.up, 0)
  t.deepEqual(seriesOf(await scraping.scrape('a 1\n', at(2))), { a: 1 })
})

test('a target that was down has nothing to end', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape(undefined, at(0))
  scraping.change({}, { honorLabels: true })
  t.deepEqual(seriesOf(await scraping.scrape('a 1\n', at(1))), { a: 1 })
})

test('a target that goes before it was scraped with its new options ends what it had with the old ones', async t => {
  const scraping = new Scraping(t)
  const before = await scraping.scrape('a 1\n', at(0))
  scraping.change({}, { honorLabels: true })
  scraping.change({}, { honorTimestamps: false })
  t.deepEqual(Object.keys(await scraping.retire(at(1))).sort(), Object.keys(before).sort())
})

test('options that change twice between two scrapes count as one change', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape('a 1\nb 2\n', at(0))
  scraping.change({}, { metricRelabelRules: rules('[{action: drop, source_labels: [__name__], regex: a}]') })
  scraping.change({}, { metricRelabelRules: rules('[{action: drop, source_labels: [__name__], regex: b}]') })
  t.deepEqual(seriesOf(await scraping.scrape('a 1\nb 2\n', at(1))), { a: 1, b: 'stale' })
})

test('a job without stale markers gets none by a change', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape('a 1\nb 2\n', at(0))
  scraping.change({}, { noStaleMarkers: true })
  t.deepEqual(seriesOf(await scraping.scrape('a 1\n', at(1))), { a: 1 })
})

test('nothing of what was before is kept', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape('a 1\nb 2\n', at(0))
  const accounts = () => [scraping.counters.get('series'), scraping.counters.get('accountTargetBlocksBytes')]
  const before = accounts()
  for (let round = 1; round < 5; round++) {
    scraping.change({}, { honorLabels: round % 2 === 0 })
    await scraping.scrape('a 1\nb 2\n', at(round))
    t.deepEqual(accounts(), before)
    t.is(scraping.target.predecessor, undefined)
  }
  await scraping.retire(at(9))
  t.deepEqual(accounts(), [0, 0])
})
