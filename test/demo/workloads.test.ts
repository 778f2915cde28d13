import test from 'ava'
import { renderExposition } from '../../lib/admin/exposition.ts'
import { createWorkloads, SHOWN_METRICS } from '../../lib/demo/workloads.ts'
import { familyOf, readExposition } from './exposition.ts'

const expositionAt = (index: number, seconds: number) =>
  readExposition(renderExposition(createWorkloads()[index]!.families(seconds), true))

for (const [index, { name }] of createWorkloads().entries()) {
  test(`${name} exposes about 200 series with help and types, and values that move`, t => {
    const exposition = expositionAt(index, 5)
    const { values, types, help } = exposition
    t.true(values.size >= 150 && values.size <= 300, `${values.size}`)
    t.deepEqual([...help], [...types.keys()])
    t.deepEqual(new Set([...values.keys()].map(series => familyOf(series, exposition))), help)
    const later = expositionAt(index, 6).values
    const moved = [...values].filter(([series, value]) => later.get(series) !== value)
    t.true(moved.length > values.size / 4)
  })

  test(`no counter of ${name} falls`, t => {
    const before = new Map<string, number>()
    let compared = 0
    for (const seconds of [0, 0.5, 10, 100, 1000]) {
      const exposition = expositionAt(index, seconds)
      for (const [series, value] of exposition.values) {
        if (exposition.types.get(familyOf(series, exposition)) === 'gauge') continue
        t.true(value >= (before.get(series) ?? 0), series)
        before.set(series, value)
        compared += 1
      }
    }
    t.true(compared > 100)
  })
}

test('the buckets of a histogram hold more the wider they are, and the last one all', t => {
  const { values } = expositionAt(0, 5)
  const family = 'http_request_duration_seconds'
  const bucket = (le: string) => values.get(`${family}_bucket{path="/cart", le="${le}"}`)!
  const counts = ['0.005', '0.05', '0.5', '5', '+Inf'].map(bucket)
  t.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  )
  t.true(counts[0]! < counts[4]!)
  t.is(counts[4], values.get(`${family}_count{path="/cart"}`))
})

test('the metrics that the demo shows exist', t => {
  const series = createWorkloads().flatMap((_, index) => [...expositionAt(index, 5).values.keys()])
  const names = new Set(series.map(one => one.split(/[{ ]/)[0]!))
  const automatic = new Set(['scrape_duration_seconds', 'scrape_samples_scraped', 'up'])
  t.deepEqual(
    SHOWN_METRICS.filter(name => !names.has(name) && !automatic.has(name)),
    [],
  )
})
