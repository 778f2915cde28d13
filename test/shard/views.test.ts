// Several views of a target, each for destinations of its own: what one view gets must not depend on there being others.
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import type { JobSpec, RelabelRuleSpec, TargetSpec } from '../../shared/target.ts'
import { RandomBody } from '../support/kernel-bodies.ts'
import type { ShownSeries } from '../support/kernel-model.ts'
import { Random } from '../support/kernel-random.ts'
import { dropRule, ruleOf, setLabelRule } from '../support/relabel-rules.ts'
import { Scraping } from '../support/scraping.ts'

const START_MS = 1_700_000_000_000

/** Rules of each view, as different as they can be. */
const VIEWS: readonly (readonly RelabelRuleSpec[])[] = [
  [dropRule('node_.*|up'), setLabelRule('view', 'one')],
  [],
  [ruleOf({ action: 'keep', sourceLabels: ['__name__'], regex: 'node_.*|scrape_samples_scraped' })],
  [dropRule('.*')],
  [ruleOf({ action: 'labeldrop', regex: 'cpu|i|id|job' })],
]

const viewsOf = (lists: readonly (readonly RelabelRuleSpec[])[]) =>
  lists.map((relabelRules, index) => ({ destinations: 1 << index, relabelRules }))

/** How long a scrape took is the one thing that differs. */
const comparable = (series: readonly ShownSeries[] = []) =>
  series.map(({ labels, sample }) => `${labels} ${labels.includes('scrape_duration_seconds') ? '' : sample}`)

/** A target in several views beside one target for each of these views. */
class Twins {
  readonly together: Scraping
  readonly #t: ExecutionContext
  readonly #alone: readonly Scraping[]

  constructor(
    t: ExecutionContext,
    spec: Partial<TargetSpec>,
    job: Partial<JobSpec>,
    remoteRelabelRules: RelabelRuleSpec[],
  ) {
    const views = viewsOf(VIEWS)
    this.#t = t
    this.together = new Scraping(t, spec, job, { remoteRelabelRules, views })
    this.#alone = views.map(view => new Scraping(t, spec, job, { remoteRelabelRules, views: [view] }))
  }

  async scrape(body: string | readonly Uint8Array[] | undefined, timeMs: number, title: string): Promise<void> {
    await this.together.scrape(body, timeMs)
    for (const [index, alone] of this.#alone.entries()) {
      await alone.scrape(body, timeMs)
      this.#compare(index, title)
    }
  }

  async retire(timeMs: number): Promise<void> {
    await this.together.retire(timeMs)
    for (const [index, alone] of this.#alone.entries()) {
      await alone.retire(timeMs)
      this.#compare(index, 'retired')
    }
  }

  #compare(index: number, title: string): void {
    const { together } = this
    const found = comparable(together.sentTo.get(1 << index))
    const expected = comparable(this.#alone[index]!.sentTo.get(1 << index))
    const place = expected.findIndex((line, at) => line !== found[at])
    if (place >= 0) this.#t.is(found[place], expected[place], `${title}: view ${index}, sample ${place}`)
    this.#t.is(found.length, expected.length, `${title}: view ${index}`)
    for (const counter of [
      'samplesScraped',
      'linesInvalid',
      'bodyTextBytes',
      'stencilHits',
      'stencilMisses',
    ] as const) {
      this.#t.is(together.counters.get(counter), this.#alone[0]!.counters.get(counter), `${title}: ${counter}`)
    }
    const dropped = (of: Scraping) => of.destinations[index]!.get('samplesDroppedByRules')
    this.#t.is(dropped(together), dropped(this.#alone[index]!), `${title}: dropped by view ${index}`)
  }
}

type Play = {
  readonly seed: number
  readonly series: number
  readonly scrapes: number
  readonly spec?: Partial<TargetSpec>
  readonly job?: Partial<JobSpec>
  readonly rules?: RelabelRuleSpec[]
}

/** Changes a body at random and scrapes it each time, now and then without success; at last the target goes. */
async function play(
  t: ExecutionContext,
  { seed, series, scrapes, spec = {}, job = {}, rules = [] }: Play,
): Promise<void> {
  const random = new Random(Number(process.env.SEED ?? seed))
  const body = new RandomBody(random, series, { timestamps: job.honorTimestamps ?? false, garbage: random.once(2) })
  const twins = new Twins(t, spec, job, rules)
  let timeMs = START_MS
  for (let scrape = 0; scrape < scrapes; scrape++) {
    timeMs += 1000
    const text = body.text()
    const compressed = gzipSync(text)
    const cut = random.below(compressed.length)
    const form = random.pick([text, [compressed.subarray(0, cut), compressed.subarray(cut)]])
    await twins.scrape(random.once(12) ? undefined : form, timeMs, `seed ${random.seed}, scrape ${scrape}`)
    body.tick()
    for (let mutations = random.once(3) ? 0 : random.between(1, 3); mutations > 0; mutations--) body.mutate()
  }
  await twins.retire(timeMs + 1000)
  t.is(twins.together.counters.get('accountTargetBlocksBytes'), 0)
  t.is(twins.together.counters.get('series'), 0)
}

const PLAYS: readonly (readonly [title: string, play: Omit<Play, 'seed' | 'series' | 'scrapes'>])[] = [
  ['without rules for all', {}],
  ['with timestamps of its own', { job: { honorTimestamps: true, honorLabels: true } }],
  [
    'with rules for all and metric relabeling',
    { job: { metricRelabelRules: [dropRule('metric_.*')] }, rules: [dropRule('.*1')] },
  ],
  ['with limits', { spec: { sampleLimit: 70, labelLimit: 9, seriesLimit: 50 } }],
  ['without stale markers', { job: { noStaleMarkers: true } }],
]
for (const [index, [title, options]] of PLAYS.entries()) {
  test(`a view gets the same whether there are others or not: a target ${title}`, async t => {
    for (let run = 0; run < 4; run++) {
      const series = [0, 5, 60, 400][run]!
      await play(t, { ...options, seed: index * 100 + run, series, scrapes: 30 })
    }
  })
}

test('likewise if a body takes several windows of the kernel, which are inflated once for each view', async t => {
  for (const seed of [1, 2]) await play(t, { seed, series: 9000, scrapes: 8 })
})

test('a line that is too long for the window makes no difference to what the views get', async t => {
  const twins = new Twins(t, {}, {}, [])
  for (const [scrape, bytes] of [10, 300_000, 600_000, 1_200_000].entries()) {
    const lines = ['a 1', `long{text="${'x'.repeat(bytes)}"} 2`, 'node_b 3']
    await twins.scrape(`${lines.join('\n')}\n`, START_MS + scrape * 1000, `${bytes} B`)
    await twins.scrape([gzipSync(lines.toReversed().join('\n'))], START_MS + scrape * 1000 + 500, `${bytes} B, last`)
  }
})

test('views that differ in nothing but destinations get the same bytes', async t => {
  const scraping = new Scraping(t, {}, {}, { views: viewsOf([[], []]) })
  await scraping.scrape('a 1\nb 2\n', START_MS)
  t.deepEqual(scraping.sentTo.get(1), scraping.sentTo.get(2))
  t.is(scraping.sentTo.size, 2)
})

test('samples are counted once, and what rules drop for each destination', async t => {
  const views = [
    { destinations: 0b101, relabelRules: [dropRule('a|scrape_.*')] },
    { destinations: 0b010, relabelRules: [] },
  ]
  const scraping = new Scraping(t, {}, {}, { remoteRelabelRules: [dropRule('b|up')], views })
  const counted = () => ({
    scraped: scraping.counters.get('samplesScraped'),
    all: scraping.counters.get('samplesDroppedForAll'),
    each: scraping.destinations.slice(0, 3).map(counters => counters.get('samplesDroppedByRules')),
    published: scraping.counters.get('samplesPublished'),
  })
  await scraping.scrape('a 1\nb 2\nc 3\nd 4\n', START_MS)
  const autos = 6 // scrape_…, without limits
  t.deepEqual(counted(), { scraped: 4, all: 2, each: [1 + autos, 0, 1 + autos], published: 2 + 3 + autos })
  await scraping.scrape('a 1\nb 2\nc 3\nd 4\n', START_MS + 1000)
  t.deepEqual(counted(), { scraped: 8, all: 4, each: [2 + 2 * autos, 0, 2 + 2 * autos], published: 2 * (5 + autos) })
  await scraping.scrape(undefined, START_MS + 2000)
  t.deepEqual(counted(), { scraped: 8, all: 5, each: [2 + 3 * autos, 0, 2 + 3 * autos], published: 3 * (5 + autos) })
})

test('metadata goes to every view', async t => {
  const scraping = new Scraping(t, {}, {}, { sendMetadata: true, views: viewsOf([[], [dropRule('.*')]]) })
  await scraping.scrape('# TYPE a counter\na 1\n', START_MS)
  t.deepEqual(scraping.metadataTo, [1, 2])
})
