import test, { type ExecutionContext } from 'ava'
import { checkSeries } from '../../lib/shard/series-checks.ts'
import type { JobSpec, SeriesChecks, TargetSpec } from '../../shared/target.ts'
import { Scraping } from '../support/scraping.ts'

const NO_CHECKS: SeriesChecks = { nameBytesMax: 0, valueBytesMax: 0, legacyNames: false }

const series = (name: string, labels: Record<string, string> = {}) => [
  { name: '__name__', value: name },
  ...Object.entries(labels).map(([label, value]) => ({ name: label, value })),
]

test('nothing is wrong with a series that nothing limits', t => {
  const labels = series('ünusual name', { 'a b': 'x'.repeat(1000) })
  t.is(checkSeries(labels, 0, undefined), undefined)
  t.is(checkSeries(labels, 2, NO_CHECKS), undefined)
})

test('the name of the metric counts as a label', t => {
  t.is(checkSeries(series('m', { a: '1', b: '2' }), 3, undefined), undefined)
  t.deepEqual(checkSeries(series('m', { a: '1', b: '2' }), 2, undefined), {
    limit: 'label_limit',
    found: '3 labels of "m"',
    allowed: '2',
  })
})

test('names and values are measured in bytes, those of the metric too', t => {
  const names = { ...NO_CHECKS, nameBytesMax: 8 }
  t.is(checkSeries(series('a_long_name_of_a_metric', { eight_ab: '' }), 0, names), undefined)
  t.like(checkSeries(series('m', { four: '1', ééééé: '2' }), 0, names), {
    limit: 'label_name_length_limit',
    found: '10 bytes in the name of the label "ééééé" of "m"',
    allowed: '8',
  })
  const values = { ...NO_CHECKS, valueBytesMax: 4 }
  t.is(checkSeries(series('four', { a: 'éé' }), 0, values), undefined)
  t.like(checkSeries(series('m', { a: 'ééé' }), 0, values), { limit: 'label_value_length_limit' })
  t.like(checkSeries(series('fives'), 0, values), { found: '5 bytes in the value of the label "__name__" of "fives"' })
})

test('legacy names are of letters, digits and underscores; metrics may have colons', t => {
  const checks = { ...NO_CHECKS, legacyNames: true }
  for (const [name, label, isLegacy] of [
    ['a:B_9', 'x_9', true],
    ['a.b', 'x', false],
    ['9a', 'x', false],
    ['a', 'x:y', false],
    ['a', 'x.y', false],
    ['a', '9x', false],
    ['é', 'x', false],
  ] as const) {
    const violation = checkSeries(series(name, { [label]: 'any välue' }), 0, checks)
    t.is(violation === undefined, isLegacy, `${name} ${label}`)
    if (violation !== undefined) t.is(violation.limit, 'metric_name_validation_scheme')
  }
})

test('long texts are not told in full', t => {
  const violation = checkSeries(series('m'.repeat(10_000)), 0, { ...NO_CHECKS, valueBytesMax: 1 })
  t.true(violation!.found.length < 300)
})

const CASES: readonly (readonly [what: string, spec: Partial<TargetSpec>, job: Partial<JobSpec>, line: string])[] = [
  ['label_limit', { labelLimit: 3 }, {}, 'm{a="1"} 1'],
  ['label_name_length_limit', {}, { seriesChecks: { ...NO_CHECKS, nameBytesMax: 8 } }, 'm{nine_name="1"} 1'],
  ['label_value_length_limit', {}, { seriesChecks: { ...NO_CHECKS, valueBytesMax: 20 } }, `m{a="${'x'.repeat(21)}"} 1`],
  ['metric_name_validation_scheme', {}, { seriesChecks: { ...NO_CHECKS, legacyNames: true } }, '{"m.x"} 1'],
  ['sample_limit', { sampleLimit: 1 }, {}, 'm 1'],
]
for (const [what, spec, job, line] of CASES) {
  test(`a scrape that exceeds its ${what} sends nothing of its body, and its series end once`, async (t: ExecutionContext) => {
    const scraping = new Scraping(t, spec, job)
    t.like(await scraping.scrape('ok 1\n', 1000), { ok: 1, up: 1 })
    const exceeding = await scraping.scrape(`ok 2\n${line}\n`, 2000)
    t.like(exceeding, { ok: 'stale', up: 0, scrape_samples_scraped: 2 })
    t.false('m' in exceeding)
    const again = await scraping.scrape(`ok 3\n${line}\n`, 3000)
    t.like(again, { up: 0 })
    t.false('ok' in again, 'its marker was sent already')
    t.like(await scraping.scrape('ok 4\n', 4000), { ok: 4, up: 1 })
  })
}

test('a series that relabeling drops is not checked', async t => {
  const drop = {
    action: 'labeldrop',
    sourceLabels: [],
    separator: ';',
    regex: 'very_long_name',
    targetLabel: '',
    replacement: '$1',
    modulus: 0,
  }
  const scraping = new Scraping(t, {}, { metricRelabelRules: [drop], seriesChecks: { ...NO_CHECKS, nameBytesMax: 8 } })
  t.like(await scraping.scrape('m{very_long_name="1"} 5\n', 1000), { m: 5, up: 1 })
})
