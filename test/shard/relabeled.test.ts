// Other rules come into force while targets are scraped.
import test, { type ExecutionContext } from 'ava'
import type { JobSpec, RelabelRuleSpec } from '../../shared/target.ts'
import { RandomBody } from '../support/kernel-bodies.ts'
import type { ShownSeries } from '../support/kernel-model.ts'
import { Random } from '../support/kernel-random.ts'
import { dropRule, ruleOf, setLabelRule } from '../support/relabel-rules.ts'
import { Scraping, type Sent } from '../support/scraping.ts'

const START_MS = 1_700_000_000_000

const viewsOf = (...lists: readonly (readonly RelabelRuleSpec[])[]) =>
  lists.map((relabelRules, index) => ({ destinations: lists.length === 1 ? 0 : 1 << index, relabelRules }))

/** Without the series that the scrape writes about itself. */
const own = (sent: Sent): Sent =>
  Object.fromEntries(Object.entries(sent).filter(([name]) => !name.startsWith('scrape_') && !name.startsWith('up')))

test('series that go on under other labels leave a stale marker under those before', async t => {
  const scraping = new Scraping(t, {}, {}, { views: viewsOf([setLabelRule('v', 'old')]) })
  await scraping.scrape('a 1\nb{v="own"} 2\n', START_MS)
  scraping.relabel({ views: viewsOf([setLabelRule('v', 'new')]) })
  const sent = await scraping.scrape('a 3\nc 4\n', START_MS + 1000)
  t.deepEqual(own(sent), {
    'a{v="new"}': 3,
    'c{v="new"}': 4,
    'a{v="old"}': 'stale',
    'b{v="old"}': 'stale',
  })
  t.is(sent['up{v="new"}'], 1)
  t.is(sent['up{v="old"}'], 'stale')
  t.is(sent['scrape_series_added{v="new"}'], 1, 'c alone')
  t.deepEqual(scraping.timesMs, [START_MS + 1000])
  const next = await scraping.scrape('a 5\nc 6\n', START_MS + 2000)
  t.deepEqual(own(next), { 'a{v="new"}': 5, 'c{v="new"}': 6 })
  t.false(Object.values(next).includes('stale'))
})

test('series whose labels stay have no marker, and those that are dropped from now on have one', async t => {
  const scraping = new Scraping(t)
  await scraping.scrape('a 1\nb 2\nc 3\n', START_MS)
  scraping.relabel({ remoteRelabelRules: [dropRule('b|scrape_.*')] })
  const sent = await scraping.scrape('a 4\nb 5\nc 6\n', START_MS + 1000)
  t.deepEqual(own(sent), { a: 4, b: 'stale', c: 6 })
  t.is(sent.up, 1)
  t.is(sent.scrape_samples_scraped, 'stale')
  scraping.relabel({})
  t.like(await scraping.scrape('a 4\nb 5\nc 6\n', START_MS + 2000), {
    a: 4,
    b: 5,
    c: 6,
    up: 1,
    scrape_samples_scraped: 3,
  })
})

test('a view is relabelled and the other is not touched', async t => {
  const rules = [setLabelRule('v', 'x')]
  const scraping = new Scraping(t, {}, {}, { views: viewsOf(rules, []) })
  await scraping.scrape('a 1\n', START_MS)
  scraping.relabel({ views: viewsOf([], []) })
  await scraping.scrape('a 2\n', START_MS + 1000)
  const stale = (set: number) => scraping.sentTo.get(set)!.filter(({ sample }) => sample.startsWith('7ff0000000000002'))
  t.is(stale(1).length, 1 + 7)
  t.true(stale(1).every(({ labels }) => labels.includes('v="x"')))
  t.is(stale(2).length, 0)
})

test('a target that is down when rules change, or that fails then, ends under its former labels', async t => {
  for (const isDown of [true, false]) {
    const scraping = new Scraping(t, {}, {}, { views: viewsOf([setLabelRule('v', 'old')]) })
    await scraping.scrape('a 1\n', START_MS)
    if (isDown) t.is((await scraping.scrape(undefined, START_MS + 1000))['a{v="old"}'], 'stale')
    scraping.relabel({ views: viewsOf([]) })
    const sent = await scraping.scrape(undefined, START_MS + 2000)
    t.deepEqual(own(sent), isDown ? {} : { 'a{v="old"}': 'stale' })
    t.like(sent, { up: 0, 'up{v="old"}': 'stale' })
    t.deepEqual(own(await scraping.scrape('a 2\n', START_MS + 3000)), { a: 2 })
  }
})

test('a target that goes before its next scrape goes under its former labels', async t => {
  const scraping = new Scraping(t, {}, {}, { views: viewsOf([setLabelRule('v', 'old')]) })
  await scraping.scrape('a 1\n', START_MS)
  scraping.relabel({ views: viewsOf([]) })
  const sent = await scraping.retire(START_MS + 1000)
  t.is(sent['a{v="old"}'], 'stale')
  t.true(Object.values(sent).every(value => value === 'stale'))
  t.is(Object.keys(sent).length, 1 + 7)
})

test('a job without stale markers has none when rules change', async t => {
  const scraping = new Scraping(t, {}, { noStaleMarkers: true }, { views: viewsOf([setLabelRule('v', 'old')]) })
  await scraping.scrape('a 1\n', START_MS)
  scraping.relabel({ views: viewsOf([]) })
  t.false(Object.values(await scraping.scrape('a 2\n', START_MS + 1000)).includes('stale'))
})

test('the series limit knows its series by the labels that rules of remote write do not touch', async t => {
  const scraping = new Scraping(t, { seriesLimit: 2 })
  await scraping.scrape('a 1\nb 1\n', START_MS)
  scraping.relabel({ views: viewsOf([setLabelRule('v', 'new')]) })
  const sent = await scraping.scrape('c 1\nb 2\na 2\n', START_MS + 1000)
  t.deepEqual(own(sent), { 'b{v="new"}': 2, 'a{v="new"}': 2, a: 'stale', b: 'stale' })
})

const RULES: readonly (readonly RelabelRuleSpec[])[] = [
  [],
  [setLabelRule('v', 'x')],
  [dropRule('metric_.*|up')],
  [ruleOf({ action: 'labeldrop', regex: 'cpu|mode|job' })],
  [ruleOf({ action: 'keep', sourceLabels: ['__name__'], regex: 'node_.*|up' })],
]

/** The labels of what was sent, markers apart. Times and values do not matter here. */
function labelsOf(series: readonly ShownSeries[] = []): { live: Set<string>; stale: Set<string> } {
  const isStale = ({ sample }: ShownSeries) => sample.startsWith('7ff0000000000002')
  return {
    live: new Set(series.filter(one => !isStale(one)).map(({ labels }) => labels)),
    stale: new Set(series.filter(isStale).map(({ labels }) => labels)),
  }
}

async function play(t: ExecutionContext, seed: number, job: Partial<JobSpec>): Promise<void> {
  const random = new Random(Number(process.env.SEED ?? seed))
  const body = new RandomBody(random, 200, { timestamps: false, garbage: false })
  const pick = () => viewsOf(random.pick(RULES), random.pick(RULES))
  let views = pick()
  const changing = new Scraping(t, {}, job, { views })
  const before = views.map(() => new Set<string>())
  for (let scrape = 0; scrape < 25; scrape++) {
    const timeMs = START_MS + scrape * 1000
    const text = random.once(8) ? undefined : body.text()
    if (random.once(2)) {
      views = pick()
      changing.relabel({ views })
    }
    await changing.scrape(text, timeMs)
    const fresh = new Scraping(t, {}, job, { views })
    await fresh.scrape(text, timeMs)
    for (const [index, { destinations }] of views.entries()) {
      const title = `seed ${random.seed}, scrape ${scrape}, view ${index}`
      const { live, stale } = labelsOf(changing.sentTo.get(destinations))
      const expected = labelsOf(fresh.sentTo.get(destinations)).live
      t.deepEqual([...live].sort(), [...expected].sort(), title)
      t.deepEqual([...stale].sort(), [...before[index]!.difference(expected)].sort(), `${title}: markers`)
      before[index] = expected
    }
    body.tick()
    if (random.once(2)) body.mutate()
  }
  await changing.retire(START_MS + 100_000)
  t.is(changing.counters.get('accountTargetBlocksBytes'), 0)
  t.is(changing.counters.get('series'), 0)
}

for (const metricRelabelRules of [[], [dropRule('short')]]) {
  test(`whatever the rules were and are, with ${metricRelabelRules.length} of the job: what is sent is what a new target would send, and what was sent before ends`, async t => {
    for (let seed = 0; seed < 6; seed++) await play(t, seed, { metricRelabelRules })
  })
}
