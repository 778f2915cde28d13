import test from 'ava'
import fc from 'fast-check'
import { type Figures, isAllDelivered, missingSamples } from '../../lib/demo/figures.ts'
import { textOf } from '../../lib/demo/text.ts'
import { type Frame, renderPlain, renderSummary, renderView } from '../../lib/demo/view.ts'

const MIB = 1024 * 1024

const FIGURES: Figures = {
  seconds: 7.2,
  targets: 5,
  targetsUp: 4,
  scraped: { total: 7000, perSecond: 1000.4, history: [250, 500, 1000] },
  published: 7255,
  delivered: { total: 7225, perSecond: 1030, history: [0, 500, 1000] },
  staleMarkers: 8,
  receivedSeries: 1107,
  requestsRefused: 0,
  wireBytes: 190_000,
  wireBytesPerSecond: 27_136,
  bytesPerSample: 26.31,
  stencilHits: 36,
  stencilMisses: 4,
  memory: {
    residentBytes: 96.1 * MIB,
    unaccountedBytes: -2 * MIB,
    accounts: ['blocks', 'kernel', 'bodies', 'rings', 'heap', 'external', 'queue', 'program'].map((name, index) => ({
      name,
      bytes: index * MIB,
    })),
  },
  shards: [0, 1].map(shard => ({
    shard,
    targets: 3 - shard,
    series: 600,
    samplesPerSecond: 515,
    ringUsedBytes: shard * MIB,
    ringCapacityBytes: 2 * MIB,
    lagMaxMs: 3.4,
    heapBytes: 20 * MIB,
  })),
  watched: Array.from({ length: 16 }, (_, index) => ({
    labels: [['__name__', `metric_${index}`] as const, ['path', '/"cart"'] as const],
    value: index / 2,
  })),
}

const FRAME: Frame = {
  columns: 80,
  rows: 24,
  secondsMax: 10,
  isStopping: false,
  url: 'http://127.0.0.1:8429',
  log: [
    '2026-01-02T03:04:05.678Z\tinfo\tpenstock/agent\tstarted\n',
    '2026-01-02T03:04:06.000Z\twarn\tpenstock/shard\tslow\n',
  ],
}

const textsOf = (figures: Figures, frame: Partial<Frame> = {}) =>
  renderView(figures, { ...FRAME, ...frame }).map(textOf)

test('a screen of 80 columns and 24 rows', t => {
  t.deepEqual(
    textsOf(FIGURES).map(line => line.trimEnd()),
    [
      'PENSTOCK  5 exporters → agent with 2 shards → receiver              0:07 of 0:10',
      '',
      'targets    4 of 5 up',
      'scraped        1,000 /s  ▃▅█                                     7,000 in all',
      'delivered      1,030 /s  ▁▅█                                     7,225 in all',
      'wire       26.3 bytes a sample, 26.5 KiB/s  30 under way, 7,255 published',
      'stencils   36 hits, 4 misses  90.0 % of scrapes only patched values',
      '',
      'memory     96.1 MiB resident, -2.0 MiB unaccounted',
      'blocks         0 B  kernel     1.0 MiB  bodies     2.0 MiB  rings      3.0 MiB',
      'heap       4.0 MiB  external   5.0 MiB  queue      6.0 MiB  program    7.0 MiB',
      '',
      'shard   targets   series  samples/s  ring                      lag       heap',
      '    0         3      600        515  ░░░░░░░░░░░░   0.0 %     3 ms   20.0 MiB',
      '    1         2      600        515  ██████░░░░░░  50.0 %     3 ms   20.0 MiB',
      '',
      'received   1,107 live series, among them',
      '  metric_0{path="/\\"cart\\""} 0',
      '  metric_1{path="/\\"cart\\""} 0.5',
      '  metric_2{path="/\\"cart\\""} 1',
      '  metric_3{path="/\\"cart\\""} 1.5',
      '',
      '03:04:05 info started',
      '03:04:06 warn slow',
    ],
  )
})

test('more rows show more samples, more columns the address of the pages', t => {
  const lines = textsOf(FIGURES, { columns: 120, rows: 40 })
  t.is(lines.filter(line => line.startsWith('  metric_')).length, 16)
  t.true(lines[0]!.includes('http://127.0.0.1:8429'))
  t.is(lines[0]!.length, 120)
})

test('a value is shown even if its labels do not fit', t => {
  const watched = [{ labels: [['__name__', 'm'] as const, ['path', '/x'.repeat(100)] as const], value: 12_345.5 }]
  const line = textsOf({ ...FIGURES, watched }).find(line => line.startsWith('  m{'))!
  t.is(line.length, 80)
  t.regex(line, /\/x\/x.*… 12345\.5$/)
})

test('whatever the size of the terminal, nothing is wider or longer', t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60 }), (columns, rows) => {
      const lines = textsOf(FIGURES, { columns, rows })
      t.true(lines.length <= rows)
      t.true(lines.every(line => line.length <= columns))
    }),
  )
})

test('a demo without an end shows its time only, and says when it stops', t => {
  t.regex(textsOf(FIGURES, { secondsMax: undefined })[0]!, / 0:07$/)
  t.regex(textsOf(FIGURES, { isStopping: true })[0]!, / stopping$/)
})

test('before anything has flowed there are no rates', t => {
  const none = { total: 0, perSecond: 0, history: [] }
  const lines = textsOf({
    ...FIGURES,
    ...{ scraped: none, delivered: none, bytesPerSample: Number.NaN, stencilHits: 0, stencilMisses: 0, watched: [] },
  })
  t.true(lines.includes('stencils   0 hits, 0 misses'))
  t.true(lines.some(line => line.startsWith('wire       nothing sent yet,')))
  t.false(lines.join().includes('NaN'))
})

test('what a log line holds cannot move the cursor', t => {
  const lines = textsOf(FIGURES, { log: ['t\twarn\tscope\ta\x1b[2Jb\r\n'] })
  t.is(lines.at(-1), ' warn a [2Jb')
})

test('a plain line holds the main figures', t => {
  t.is(
    renderPlain(FIGURES),
    '0:07  4 of 5 targets up; scraped 1,000/s; delivered 1,030/s; 26.3 bytes a sample; ' +
      'stencils 36 hits 4 misses; memory 96.1 MiB, unaccounted -2.0 MiB',
  )
})

test('the summary tells what was lost', t => {
  t.deepEqual(renderSummary(FIGURES), [
    'scraped 7,000 samples, delivered 7,225, lost 30; 26.3 bytes a sample; 7.2 s',
    'delivered beside the scraped ones: 217 automatic samples, 8 stale markers',
  ])
})

test('a run is good if samples were scraped and all of them came', t => {
  const all = { ...FIGURES, published: 7225 }
  t.is(missingSamples(all), 0)
  t.true(isAllDelivered(all))
  t.is(missingSamples(FIGURES), 30)
  t.false(isAllDelivered(FIGURES), 'some were lost')
  t.false(isAllDelivered({ ...all, scraped: { ...all.scraped, total: 0 } }), 'only automatic samples flowed')
  t.false(isAllDelivered({ ...all, requestsRefused: 1 }), 'the receiver could not read something')
})
