import { gunzipSync } from 'node:zlib'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { compressSync } from 'snappy'
import { Agent, request } from 'undici'
import { Exporter, type ExporterOptions } from '../bench/exporter.ts'
import { Exposition, formatGoFloat } from '../bench/exposition.ts'
import { fitLine, groupUsage, meansOf, median } from '../bench/measure.ts'
import { measureReload } from '../bench/reload.ts'
import { complaints, summarise, table } from '../bench/report.ts'
import type { Result } from '../bench/round.ts'
import { SCENARIOS } from '../bench/scenarios.ts'
import { type DecodeMode, Sink, type SinkStats, sumOfSinks } from '../bench/sink.ts'
import { scrapeConfig, targetAddress } from '../bench/targets.ts'
import { decodeSeries, SeriesChecker, Tally } from '../bench/write-request.ts'

type Series = { labels: { name: string; value: string }[]; samples: { value: number; timestamp: number }[] }

/** Stands in for the stale marker, a NaN that JavaScript may turn into another one on its way through a number. */
const STALE = 1.234567e-300

const { WriteRequest } = protobuf.parse(`
  syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated Metadata metadata = 3; }
  message Metadata { int32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
`).root.nested as Record<string, protobuf.Type>

function encode(timeseries: readonly Series[], metadata: readonly object[] = []): Uint8Array {
  const request = Buffer.from(WriteRequest!.encode(WriteRequest!.fromObject({ timeseries, metadata })).finish())
  const standIn = Buffer.from(Float64Array.of(STALE).buffer)
  for (let at = request.indexOf(standIn); at >= 0; at = request.indexOf(standIn)) {
    request.writeBigUInt64LE(0x7ff0000000000002n, at)
  }
  return request
}

function series(labels: Record<string, string>, ...values: number[]): Series {
  return {
    labels: Object.entries(labels).map(([name, value]) => ({ name, value })),
    samples: values.map((value, i) => ({ value, timestamp: 1_700_000_000_000 + i })),
  }
}

async function sinkOf(t: ExecutionContext, mode: DecodeMode) {
  const sink = await Sink.start(mode)
  const client = new Agent()
  t.teardown(async () => {
    await client.destroy()
    await sink.close()
  })
  const url = `http://127.0.0.1:${sink.port}`
  const call = async (path: string, body?: Uint8Array, encoding = 'snappy') => {
    const headers = { 'content-encoding': encoding }
    const answer = await request(url + path, {
      method: body ? 'POST' : 'GET',
      body: body ?? null,
      headers,
      dispatcher: client,
    })
    return { status: answer.statusCode, text: await answer.body.text() }
  }
  return {
    write: async (body: Uint8Array, encoding?: string) => (await call('/api/v1/write', body, encoding)).status,
    stats: async () => JSON.parse((await call('/stats')).text) as SinkStats,
    reset: async () => (await call('/reset', new Uint8Array())).status,
  }
}

async function exporterOf(t: ExecutionContext, options: Partial<ExporterOptions> = {}) {
  const exporter = await Exporter.start({ series: 100, churn: 0, gzip: true, ...options })
  const client = new Agent()
  t.teardown(async () => {
    await client.destroy()
    await exporter.close()
  })
  return async (path: string, target = 0, headers: Record<string, string> = {}) => {
    const url = `http://${targetAddress(target)}:${exporter.port}${path}`
    const answer = await request(url, { headers, dispatcher: client })
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) }
  }
}

/** The lines of a body with a sample, cut before the value. */
function keysOf(body: string): string[] {
  return body
    .split('\n')
    .flatMap(line => (line === '' || line.startsWith('#') ? [] : [line.slice(0, line.lastIndexOf(' '))]))
}

test('the sink counts samples, stale markers and the bytes of a request', async t => {
  const sink = await sinkOf(t, 'full')
  const request = encode(
    [
      series({ __name__: 'a_total', job: 'x' }, 1, 2),
      series({ __name__: 'gone', job: 'x' }, STALE),
      series({ __name__: 'up', job: 'x' }, 1),
      series({ __name__: 'scrape_duration_seconds', job: 'x' }, 0.1),
      series({ __name__: 'upper', job: 'x' }, Number.NaN),
    ],
    [{ type: 1, metricFamilyName: 'a', help: 'Help that takes more room than one byte of length can tell.'.repeat(4) }],
  )
  const wire = compressSync(request)
  t.is(await sink.write(wire), 204)
  const stats = await sink.stats()
  t.like(stats, {
    requests: 1,
    series: 5,
    samples: 6,
    scraped: 3,
    staleMarkers: 1,
    metadata: 1,
    distinct: 5,
    faults: 0,
  })
  t.like(stats, { wireBytes: wire.length, rawBytes: request.length, malformed: 0, refused: 0 })
  t.is(await sink.reset(), 204)
  t.like(await sink.stats(), { requests: 0, samples: 0, wireBytes: 0, distinct: 0 })
})

test('the sink refuses zstd with 415 and counts nothing of what it cannot decode', async t => {
  const sink = await sinkOf(t, 'full')
  const whole = encode([series({ __name__: 'a' }, 1), series({ __name__: 'b' }, 1)])
  t.is(await sink.write(whole, 'zstd'), 415)
  t.is(await sink.write(whole), 400)
  t.is(await sink.write(compressSync(whole.subarray(0, -3))), 400)
  t.like(await sink.stats(), { requests: 0, samples: 0, refused: 1, malformed: 2 })
})

test('in mode sampled all samples are counted, and labels are checked in some requests', async t => {
  const sink = await sinkOf(t, 'sampled')
  const request = compressSync(encode([series({ b: '1', __name__: 'a' }, 1)]))
  for (let i = 0; i < 33; i++) await sink.write(request)
  t.like(await sink.stats(), { requests: 33, samples: 33, checked: 2, unsorted: 2, distinct: 0, repeatedSamples: 0 })
})

for (const [fault, labels] of [
  ['unsorted', { __name__: 'a', job: 'x', instance: 'y' }],
  ['emptyLabels', { __name__: 'a', job: '' }],
  ['emptyLabels', { '': 'nameless', __name__: 'a' }],
  ['unnamed', { job: 'x' }],
] as const) {
  test(`the check finds ${fault} in ${JSON.stringify(labels)}`, t => {
    const checker = new SeriesChecker(true)
    checker.check(encode([series({ __name__: 'fine', job: 'x' }, 1), series({ ...labels }, 1)]))
    t.is(checker[fault], 1)
    t.is(checker.faults, 1)
    t.is(checker.examples.length, 1)
  })
}

test('the check sorts label names by bytes and not by UTF-16 units', t => {
  const checker = new SeriesChecker(true)
  // U+FF5E stands before U+1F600 in UTF-8, but after its surrogates in UTF-16.
  checker.check(encode([series({ __name__: 'a', '\uff5e': '1', '\u{1f600}': '2' }, 1)]))
  t.is(checker.faults, 0)
})

test('the check finds a name that stands twice, and samples that come twice or too late', t => {
  const checker = new SeriesChecker(true)
  const twice = series({ __name__: 'a', job: 'x' }, 1)
  twice.labels.push({ name: 'job', value: 'y' })
  checker.check(encode([twice]))
  t.is(checker.repeatedNames, 1)

  const late = series({ __name__: 'late' }, 1, 2, 3)
  checker.check(encode([late]))
  checker.check(encode([{ ...late, samples: late.samples.slice(2) }]))
  checker.check(encode([{ ...late, samples: late.samples.slice(0, 1) }]))
  t.is(checker.repeatedSamples, 1)
  t.is(checker.disorderedSamples, 1)
  t.is(checker.distinct, 2)
})

test('any request decodes to what was encoded, and the tally agrees', t => {
  const text = fc.string({ unit: 'grapheme' })
  const plain = { noNullPrototype: true }
  const label = fc.record({ name: text, value: text }, plain)
  const sample = fc.record({ value: fc.double(), timestamp: fc.maxSafeNat() }, plain)
  const anySeries = fc.record({ labels: fc.array(label), samples: fc.array(sample) }, plain)
  fc.assert(
    fc.property(fc.array(anySeries), all => {
      const request = encode(all)
      const decoded = [...decodeSeries(request)]
      t.deepEqual(
        decoded,
        all.map(({ labels, samples }) => ({
          labels,
          samples: samples.map(({ value, timestamp }) => ({ value, timestampMs: timestamp })),
        })),
      )
      const tally = new Tally()
      tally.add(request)
      t.is(tally.series, all.length)
      t.is(
        tally.samples,
        all.reduce((sum, { samples }) => sum + samples.length, 0),
      )
    }),
  )
})

test('a body is text of the exposition format with the asked number of series, each once', t => {
  const body = new Exposition(1000).body(7)
  const label = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`
  const value = String.raw`(?:[+-]?(?:\d+\.?\d*(?:e[+-]\d\d)?|Inf)|NaN)`
  const sample = new RegExp(String.raw`^[a-zA-Z_:][\w:]*(?:\{(?:${label},?)*\})? ${value}$`)
  const comment = /^# (?:HELP \w+ .+|TYPE \w+ (?:counter|gauge|histogram|summary|untyped))$/
  for (const line of body.slice(0, -1).split('\n')) t.regex(line, line.startsWith('#') ? comment : sample)
  const keys = keysOf(body)
  t.is(keys.length, 1000)
  t.is(new Set(keys).size, 1000)
  t.true(Buffer.byteLength(body) > 75_000 && Buffer.byteLength(body) < 100_000)
})

test('values change from scrape to scrape and series do not, without churn', t => {
  const exposition = new Exposition(500)
  const first = exposition.body(0)
  t.is(exposition.body(0), first)
  t.deepEqual(keysOf(exposition.body(1)), keysOf(first))
  const lines = new Set(first.split('\n'))
  const changed = exposition
    .body(1)
    .split('\n')
    .filter(line => !lines.has(line))
  t.true(changed.length > 350, `${changed.length} of 500 changed`)
})

test('churn replaces the fraction of series that was asked for, by series never seen before', t => {
  for (const [count, churn, perScrape] of [
    [1000, 0.01, 10],
    [50, 0.1, 5],
    [200, 1, 200],
    [7, 1, 7],
  ] as const) {
    const exposition = new Exposition(count, churn)
    const seen = new Set<string>()
    for (let scrape = 0; scrape < 150; scrape++) {
      const fresh = keysOf(exposition.body(scrape)).filter(key => !seen.has(key))
      t.is(fresh.length, scrape === 0 ? count : perScrape, `scrape ${scrape} of ${count} series, churn ${churn}`)
      for (const key of fresh) seen.add(key)
    }
  }
})

test('floats are written as Go writes them', t => {
  for (const [value, text] of [
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [999999, '999999'],
    [1e6, '1e+06'],
    [1234567, '1.234567e+06'],
    [-0.00012, '-0.00012'],
    [0.000012, '1.2e-05'],
    [1.5e300, '1.5e+300'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ] as const) {
    t.is(formatGoFloat(value), text)
  }
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value =>
      Object.is(Number(formatGoFloat(value)), value),
    ),
  )
})

test('every target counts its own scrapes, and gzip holds the same text as plain', async t => {
  const get = await exporterOf(t)
  const exposition = new Exposition(100)
  const plain = await get('/metrics')
  t.is(plain.status, 200)
  t.is(plain.headers['content-encoding'], undefined)
  t.is(plain.body.toString(), exposition.body(0))
  const packed = await get('/metrics', 1, { 'accept-encoding': 'gzip' })
  t.is(packed.headers['content-encoding'], 'gzip')
  t.is(gunzipSync(packed.body).toString(), exposition.body(0))
  t.is((await get('/metrics', 1)).body.toString(), exposition.body(1))
  t.is((await get('/elsewhere')).status, 404)
})

test('a paused exporter serves no more samples and says how many it served', async t => {
  const get = await exporterOf(t)
  for (let i = 0; i < 3; i++) await get('/metrics', i)
  t.deepEqual(JSON.parse((await get('/pause')).body.toString()), { scrapes: 3, samples: 300, refused: 0 })
  t.is((await get('/metrics')).status, 503)
  t.deepEqual(JSON.parse((await get('/stats')).body.toString()), { scrapes: 3, samples: 300, refused: 1 })
})

test('targets have addresses of their own, as many as the widest scenario needs', t => {
  const addresses = Array.from({ length: SCENARIOS.wide.targets }, (_, index) => targetAddress(index))
  t.is(new Set(addresses).size, addresses.length)
  for (const address of addresses) t.regex(address, /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/)
  const yaml = '  honor_labels: true'
  const config = scrapeConfig({ targets: 1000, port: 9100, intervalSeconds: 5, yaml })
  t.is(config.match(/:9100'/g)?.length, 1000)
  t.true(config.includes(`scrape_interval: 5s\n${yaml}\n`))
  t.true(new Exposition(1000).countMatching(SCENARIOS.relabel.relabel.dropped) > 0)
})

test('the counts of several sinks add up', async t => {
  const sinks = await Promise.all([Sink.start('full'), Sink.start('full')])
  t.teardown(() => Promise.all(sinks.map(sink => sink.close())))
  const [one, two] = sinks.map(({ stats }) => stats)
  const sum = sumOfSinks([
    { ...one!, samples: 3, examples: ['a'] },
    { ...two!, samples: 4, faults: 1, examples: ['b'] },
  ])
  t.like(sum, { samples: 7, faults: 1, requests: 0, examples: ['a', 'b'] })
})

test('median and line tell what they are meant to', t => {
  t.is(median([3, 1, 2]), 2)
  t.is(median([4, 1, 2, 3]), 2.5)
  t.throws(() => median([]), { instanceOf: RangeError })
  const exact = fitLine([0, 1, 2, 3].map(x => [x, 5 - 2 * x] as const))
  t.is(exact.slope, -2)
  t.is(exact.standardError, 0)
  // The same swings, slow and fast: those that stick together say less of the line.
  const slow = fitLine(Array.from({ length: 60 }, (_, x) => [x, Math.floor(x / 10) % 2] as const))
  const fast = fitLine(Array.from({ length: 60 }, (_, x) => [x, x % 2] as const))
  t.true(slow.standardError > 2 * fast.standardError && fast.standardError > 0)
  t.deepEqual(
    meansOf(
      [1, 2, 3, 4, 5, 6, 7].map(x => [x, 10 * x] as const),
      3,
    ),
    [
      [1.5, 15],
      [3.5, 35],
      [5.5, 55],
    ],
  )
  t.deepEqual(meansOf([[1, 2]], 9), [[1, 2]])
  t.throws(
    () =>
      fitLine([
        [0, 0],
        [1, 1],
      ]),
    { instanceOf: RangeError },
  )
})

test('a reload is measured, and touches nothing but what changed', async t => {
  const result = await measureReload({ targets: 20, series: 5, intervalSeconds: 1 })
  t.is(result.addStencilMisses, 1)
  t.is(result.markers, 21 * (5 + 7))
  t.is(result.markersExpected, result.markers)
  t.true(result.rssPeakMiB > 0)
})

test('usage of a group that does not exist is nothing', t => {
  t.deepEqual(groupUsage(2 ** 30), { cpuSeconds: 0, rssMiB: 0, anonMiB: 0, sharedMiB: 0 })
})

test('the table compares with vmagent, and no loss hides behind a median', async t => {
  const sink = await sinkOf(t, 'full')
  const stats = await sink.stats()
  const resultOf = (agent: string, cpuSecondsPerMillion: number, lost: number): Result => ({
    agent,
    cpuSecondsPerMillion,
    lost,
    ...{ rssMiB: 50, anonMiB: 40, sharedMiB: 0, peakRssMiB: 60, bytesPerSample: 20, samplesPerSecond: 1000 },
    ...{ harnessCpuPerSecond: 0.1, rss: [], lossCounters: {}, sink: { ...stats, scraped: 100 } },
  })
  const results = [resultOf('vmagent', 2, 0), ...[0, 7, 0].map(lost => resultOf('penstock', 0.5, lost))]
  const rows = summarise('steady', results)
  t.like(rows[1], { agent: 'penstock', rounds: 3, lost: 7 })
  t.regex(
    table(rows),
    /\| steady {3}\| penstock \|\s+0\.500 \|\s+0\.25 \|\s+50 \|\s+1\.00 \|\s+60 \|\s+20\.0 \|\s+1000 \|\s+7 \|/,
  )
  t.deepEqual(
    results.map(result => complaints(result).length),
    [0, 0, 1, 0],
  )
  t.deepEqual(complaints({ ...results[0]!, sink: { ...stats, scraped: 0 } }), ['no sample arrived'])
})
