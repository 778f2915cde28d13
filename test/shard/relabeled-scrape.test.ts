import test from 'ava'
import fc from 'fast-check'
import { compileRules } from '../../lib/relabel/compile.ts'
import { autoMetricsOf } from '../../lib/shard/learn/auto-metrics.ts'
import { RemoteLabeler } from '../../lib/shard/learn/remote-labels.ts'
import { SeriesLabeler } from '../../lib/shard/learn/series-labels.ts'
import type { Label } from '../../shared/target.ts'
import type { ShownSeries } from '../support/kernel-model.ts'
import { jobOf, labelsOf, targetOf } from '../support/learning.ts'
import { type Labels, type ModelPlaces, type ModelRule, sentAutoMetric, sentLabels } from '../support/relabel-model.ts'
import { lineKey, modelRules, type RandomSeries, someSeries } from '../support/relabel-random.ts'
import { Scraping } from '../support/scraping.ts'
import { shardOptionsOf } from '../support/specs.ts'

const ALL_DESTINATIONS = 0xffffff
const START_MS = 1_700_000_000_000

const specsOf = (rules: readonly ModelRule[]) => rules.map(({ spec }) => spec)

/** Rules at a place where there are none more often than not. */
const rarely = (rules: fc.Arbitrary<readonly ModelRule[]>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant<readonly ModelRule[]>([]) }, { weight: 1, arbitrary: rules })

const places: fc.Arbitrary<ModelPlaces> = fc.record({
  target: fc.constantFrom(
    { labels: labelsOf({ instance: 'h:1', job: 'j' }) },
    { labels: labelsOf({ a: 'of target', env: 'e', instance: 'h:1', job: 'j' }) },
  ),
  job: fc.record({
    externalLabels: fc.constantFrom([], labelsOf({ b: 'external', region: 'r' })),
    honorLabels: fc.boolean(),
  }),
  metric: modelRules(5),
  remote: rarely(modelRules(3)),
  view: rarely(modelRules(2)),
  remoteLabels: fc.constantFrom([], [], labelsOf({ dc: 'x', a: '' })),
})

/** As a segment shows it: sorted by the bytes of the names. */
function showLabels(labels: Labels): string {
  const sorted = [...labels].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${sorted.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}}`
}

const sample = (value: number, timeMs: number): string => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return `${bytes.toString('hex')}@${timeMs}`
}

const bodyOf = (series: readonly RandomSeries[], scrape: number): string =>
  series.map((each, index) => `${lineKey(each)} ${scrape * 1000 + index}\n`).join('')

/** What a scrape must send of the lines of its body, by the model. */
function expectedOf(series: readonly RandomSeries[], scrape: number, places: ModelPlaces): ShownSeries[] {
  return series.flatMap(({ name, labels }, index) => {
    const sent = sentLabels(name, labels, places)
    const timeMs = START_MS + 1000 * scrape
    return sent === undefined ? [] : [{ labels: showLabels(sent), sample: sample(scrape * 1000 + index, timeMs) }]
  })
}

const isStale = ({ sample }: ShownSeries): boolean => sample.startsWith('7ff0000000000002')

/** Without the samples that the scrape writes about itself, whatever their values are: they stand behind all of the body. */
function withoutAutoMetrics(sent: readonly ShownSeries[], places: ModelPlaces): ShownSeries[] {
  const rest = [...sent]
  for (const name of autoMetricsOf(targetOf())) {
    const labels = sentAutoMetric(name, places)
    if (labels === undefined) continue
    const shown = showLabels(labels)
    const at = rest.findLastIndex(each => each.labels === shown && !isStale(each))
    if (at < 0) throw new Error(`${name} is missing`)
    rest.splice(at, 1)
  }
  return rest
}

const byLabels = (series: readonly ShownSeries[]): string[] => series.map(s => `${s.labels} ${s.sample}`).sort()

test('what a shard publishes of a target with rules is what the rules make of each line', async t => {
  let sentSeries = 0
  let sentStale = 0
  await fc.assert(
    fc.asyncProperty(places, someSeries, someSeries, async (places, first, second) => {
      const { target, job, metric, remote, view, remoteLabels } = places
      const closers: (() => void)[] = []
      const scraping = new Scraping(
        { teardown: close => closers.push(close) },
        target,
        { ...job, metricRelabelRules: specsOf(metric) },
        {
          remoteRelabelRules: specsOf(remote),
          views: [{ destinations: ALL_DESTINATIONS, relabelRules: specsOf(view) }],
          remoteLabels,
        },
      )
      const sentBy = async (series: readonly RandomSeries[], scrape: number): Promise<ShownSeries[]> => {
        await scraping.scrape(bodyOf(series, scrape), START_MS + 1000 * scrape)
        return withoutAutoMetrics([...scraping.sentTo.values()].flat(), places)
      }
      const context = JSON.stringify({ metric: specsOf(metric), remote: specsOf(remote), view: specsOf(view) })
      // New series; the same ones, by patching their stencil; and others, some of which are still the same.
      t.deepEqual(byLabels(await sentBy(first, 0)), byLabels(expectedOf(first, 0, places)), context)
      t.deepEqual(byLabels(await sentBy(first, 1)), byLabels(expectedOf(first, 1, places)), context)
      const sent = await sentBy(second, 2)
      const stale = sent.filter(isStale)
      const expected = expectedOf(second, 2, places)
      t.deepEqual(byLabels(sent.filter(each => !stale.includes(each))), byLabels(expected), context)
      const before = new Set(expectedOf(first, 1, places).map(each => each.labels))
      const now = new Set(expected.map(each => each.labels))
      t.deepEqual(
        new Set(stale.map(each => each.labels)),
        new Set([...before].filter(labels => !now.has(labels))),
        context,
      )
      sentSeries += expected.length
      sentStale += stale.length
      for (const close of closers) close()
    }),
    { numRuns: 150 },
  )
  t.true(sentSeries > 100 && sentStale > 50, `${sentSeries} series, ${sentStale} stale`)
})

test('the slow path alone gives the same labels: sorted, unique, none empty', t => {
  fc.assert(
    fc.property(places, someSeries, (places, series) => {
      const { target, job, metric, remote, view, remoteLabels } = places
      const labeler = new SeriesLabeler(jobOf(job), targetOf(target), compileRules(specsOf(metric)))
      const { remoteRelabelRules, views } = shardOptionsOf({
        remoteRelabelRules: specsOf(remote),
        views: [{ destinations: ALL_DESTINATIONS, relabelRules: specsOf(view) }],
      })
      const remoteLabeler = new RemoteLabeler({ remoteRelabelRules, views, remoteLabels, compatibleNaming: false })
      for (const { name, labels } of series) {
        const scraped = labeler.scrapedLabels(
          name,
          labels.map(label => ({ ...label })),
        )
        const sent: readonly Label[] | undefined = scraped && remoteLabeler.inViews(scraped)[0]
        const expected = sentLabels(name, labels, places)
        t.is(
          sent && showLabels(new Map(sent.map(label => [label.name, label.value]))),
          expected && showLabels(expected),
        )
        if (sent === undefined) continue
        const names = sent.map(label => label.name)
        const bytes = names.map(name => Buffer.from(name))
        t.deepEqual(bytes, bytes.toSorted(Buffer.compare))
        t.is(new Set(names).size, names.length)
        t.true(sent.every(label => label.name !== '' && label.value !== ''))
      }
    }),
    { numRuns: 1500 },
  )
})
