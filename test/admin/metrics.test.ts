import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { memoryFamilies } from '../../lib/admin/metrics/memory.ts'
import { processFamilies } from '../../lib/admin/metrics/process.ts'
import { renderMetrics } from '../../lib/admin/metrics.ts'
import { createLogger, LOGGER_DEFAULTS } from '../../lib/control/log.ts'
import { DESTINATION_COUNTERS, SCRAPE_DURATION_BOUNDS_SECONDS, SHARD_COUNTERS } from '../../shared/counters.ts'
import { checkExposition, seriesValue } from './exposition-checker.ts'
import { FakeView, makeDestination, makeShard, STARTED_AT_MS } from './fake-view.ts'
import { MISSING, PRESENT } from './queried-names.ts'

function setUp() {
  const lines: string[] = []
  const logger = createLogger(LOGGER_DEFAULTS, { write: line => lines.push(line), nowMs: Date.now })
  const view = new FakeView()
  const render = async (metadata = true) =>
    checkExposition(await renderMetrics({ view, logger, httpFamilies: () => [] }, metadata))
  return { view, logger, lines, render }
}

test('counters of shards appear summed under the names of vmagent and one by one under those of Penstock', async t => {
  const { view, render } = setUp()
  view.shardList = [
    makeShard(0, {
      scrapes: 10,
      scrapesFailed: 1,
      stencilHits: 8,
      stencilMisses: 1,
      samplesScraped: 900,
      ringWaitMs: 1500,
    }),
    makeShard(1, { scrapes: 5, stencilHits: 5, samplesScraped: 100, linesInvalid: 2 }),
  ]
  const text = await render()
  t.is(seriesValue(text, 'vm_promscrape_scrape_requests_total'), 15)
  t.is(seriesValue(text, 'vm_promscrape_scrapes_total', { status_code: '200' }), 14)
  t.is(seriesValue(text, 'vm_promscrape_scrapes_failed_total'), 1)
  t.is(seriesValue(text, 'vm_promscrape_scraped_samples_sum'), 1000)
  t.is(seriesValue(text, 'vm_promscrape_scraped_samples_count'), 15)
  t.is(seriesValue(text, 'vm_rows_invalid_total', { type: 'prometheus' }), 2)
  t.is(seriesValue(text, 'penstock_stencil_hits_total', { shard: '0' }), 8)
  t.is(seriesValue(text, 'penstock_stencil_hits_total', { shard: '1' }), 5)
  t.is(seriesValue(text, 'penstock_ring_wait_seconds_total', { shard: '0' }), 1.5)
  t.is(seriesValue(text, 'penstock_ring_used_bytes', { shard: '1' }), 128)
})

test('what relabeling drops is told for all destinations and for each', async t => {
  const { view, render } = setUp()
  view.shardList = [makeShard(0, { samplesDroppedForAll: 5 }), makeShard(1, { samplesDroppedForAll: 6 })]
  view.destinations = [makeDestination('1:secret-url', { samplesQueued: 9 }), makeDestination('2:secret-url')]
  const text = await render()
  t.is(seriesValue(text, 'vmagent_remotewrite_global_relabel_metrics_dropped_total'), 11)
  for (const [url, queued] of [
    ['1:secret-url', 9],
    ['2:secret-url', 0],
  ] as const) {
    t.is(seriesValue(text, 'vmagent_remotewrite_relabel_metrics_dropped_total', { url }), 3 + 4)
    t.is(seriesValue(text, 'vmagent_remotewrite_rows_pushed_after_relabel_total', { url }), queued)
  }
})

test('scrape durations are a cumulative histogram, and ranges for the dashboards of vmagent', async t => {
  const { view, render } = setUp()
  view.shardList = [
    makeShard(0, { 'scrapeDurationBucket0.001': 3, 'scrapeDurationBucket0.0025': 2, scrapeDurationSumSeconds: 0.004 }),
    makeShard(1, {
      'scrapeDurationBucket0.001': 1,
      scrapeDurationBucket60: 1,
      [`scrapeDurationBucket${Number.POSITIVE_INFINITY}` as const]: 1,
    }),
  ]
  const text = await render()
  const bucket = (le: string) => seriesValue(text, 'penstock_scrape_duration_seconds_bucket', { le })
  t.deepEqual(['0.001', '0.0025', '30', '60', '+Inf'].map(bucket), [4, 6, 6, 7, 8])
  t.is(seriesValue(text, 'penstock_scrape_duration_seconds_sum'), 0.004)
  const range = (vmrange: string) => seriesValue(text, 'vm_promscrape_scrape_duration_seconds_bucket', { vmrange })
  t.deepEqual(
    ['0...1.000e-03', '1.000e-03...2.500e-03', '3.000e+01...6.000e+01', '6.000e+01...+Inf'].map(range),
    [4, 2, 1, 1],
  )
})

test('counters of destinations carry the name that hides the URL', async t => {
  const { view, render } = setUp()
  view.destinations = [
    makeDestination('1:secret-url', { requests2xx: 7, requests5xx: 2, retries: 2, queueBytes: 100, bytesSent: 1000 }),
    makeDestination('2:secret-url', { requests4xx: 1, blocksDropped: 1, bytesSent: 1 }),
  ]
  const text = await render()
  const requests = (url: string, status_code: string) =>
    seriesValue(text, 'vmagent_remotewrite_requests_total', { url, status_code })
  t.deepEqual([requests('1:secret-url', '2XX'), requests('1:secret-url', '5XX')], [7, 2])
  t.deepEqual([requests('2:secret-url', '2XX'), requests('2:secret-url', '4XX')], [0, 1])
  t.is(seriesValue(text, 'vmagent_remotewrite_retries_count_total', { url: '1:secret-url' }), 2)
  t.is(seriesValue(text, 'vmagent_remotewrite_packets_dropped_total', { url: '2:secret-url' }), 1)
  t.is(seriesValue(text, 'vmagent_remotewrite_pending_data_bytes', { url: '1:secret-url' }), 100)
  t.is(seriesValue(text, 'vmagent_remotewrite_queues', { url: '1:secret-url' }), 4)
  t.is(seriesValue(text, 'vmagent_remotewrite_conn_bytes_written_total'), 1001)
  t.is(seriesValue(text, 'vmagent_remotewrite_duration_seconds_count', { url: '1:secret-url' }), 9)
})

test('what comes in is counted by protocol, over all shards', async t => {
  const { view, render } = setUp()
  view.shardList = [
    makeShard(0, { samplesScraped: 5, linesInvalid: 1, pushPrometheusRows: 10, pushPrometheusMetadata: 2 }),
    makeShard(1, { samplesScraped: 1, pushPrometheusRows: 7, pushPrometheusInvalid: 3, pushPrometheusErrors: 4 }),
  ]
  const text = await render()
  const value = (name: string, type = 'prometheus') => seriesValue(text, name, { type })
  t.is(value('vm_protoparser_rows_read_total', 'promscrape'), 6)
  t.is(value('vm_protoparser_rows_read_total'), 17)
  t.is(value('vmagent_rows_inserted_total'), 17)
  t.is(value('vm_rows_invalid_total'), 4)
  t.is(value('vm_protoparser_read_errors_total'), 4)
  t.is(value('vmagent_metadata_inserted_total'), 2)
})

test('flags, log messages, version and reloads are there', async t => {
  const { logger, render } = setUp()
  logger.error('penstock/x', 'one')
  logger.error('penstock/x', 'two')
  const text = await render()
  t.is(seriesValue(text, 'flag', { name: 'promscrape.config', value: 'a "b".yml', is_set: 'true' }), 1)
  t.is(seriesValue(text, 'flag', { name: 'remoteWrite.queues', value: '4', is_set: 'false' }), 1)
  const app_version = 'vmagent-penstock-v0.1.0'
  t.is(seriesValue(text, 'vm_app_version', { version: app_version, short_version: 'v0.1.0' }), 1)
  const logged = { app_version, level: 'error', location: 'penstock/x', is_printed: 'true' }
  t.is(seriesValue(text, 'vm_log_messages_total', logged), 2)
  t.is(seriesValue(text, 'vm_promscrape_config_last_reload_successful'), 0)
  t.is(seriesValue(text, 'vm_promscrape_config_reloads_errors_total'), 1)
  t.is(seriesValue(text, 'vm_promscrape_config_last_reload_success_timestamp_seconds'), STARTED_AT_MS / 1000)
  t.is(seriesValue(text, 'vmagent_relabel_config_last_reload_successful'), undefined, 'there is no such file')
  t.is(seriesValue(text, 'vm_app_start_timestamp'), STARTED_AT_MS / 1000)
})

test('targets are counted by discovery and by job, written as scripts search for them', async t => {
  const { view, logger, render } = setUp()
  const text = await render()
  t.is(seriesValue(text, 'vm_promscrape_scrape_pool_targets', { scrape_job: 'j', status: 'down' }), 2)
  t.is(seriesValue(text, 'vm_promscrape_active_scrapers', { type: 'static_configs' }), 6)
  const raw = await renderMetrics({ view, logger, httpFamilies: () => [] }, false)
  t.true(raw.includes('\nvm_promscrape_targets{type="static_configs", status="up"} 4\n'))
})

test('the rest is there when shards do not tell about their targets', async t => {
  const { view, lines, render } = setUp()
  view.failing = true
  const text = await render()
  t.false(text.series.some(({ name }) => name === 'vm_promscrape_targets'))
  t.true(text.series.some(({ name }) => name === 'vm_promscrape_scrapes_total'))
  t.true(lines[0]!.includes('no shard answers'))
})

test('discovery is counted, by URL where there is one and by kind', async t => {
  const { render } = setUp()
  const text = await render()
  const url = 'http://sd:1/list'
  t.is(seriesValue(text, 'vm_promscrape_discovery_requests_total'), 5)
  t.is(seriesValue(text, 'vm_promscrape_discovery_retries_total'), 1)
  t.is(seriesValue(text, 'promscrape_discovery_http_errors_total', { type: 'fetch', url }), 1)
  t.is(seriesValue(text, 'promscrape_discovery_http_errors_total', { type: 'parse', url }), 2)
  t.is(seriesValue(text, 'penstock_discovery_failures_total', { type: 'http_sd_configs' }), 2)
})

test('looking twice changes nothing', async t => {
  const { view, render } = setUp()
  view.shardList = [makeShard(0, { scrapes: 3 })]
  const names = ({ series }: Awaited<ReturnType<typeof render>>) =>
    series.map(({ name, labels }) => `${name} ${[...labels]}`)
  const first = await render()
  const second = await render()
  t.deepEqual(names(second), names(first))
  t.is(seriesValue(second, 'penstock_scrapes_total', { shard: '0' }), 3)
})

test('metadata tells the type of every family', async t => {
  const { render } = setUp()
  const { series, types, help } = await render()
  t.deepEqual([...help.keys()], [...types.keys()])
  for (const { name } of series) {
    t.true(types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, '')), name)
  }
  t.is((await setUp().render(false)).types.size, 0)
})

test('whatever the counters hold, the text is valid and holds no NaN', async t => {
  const counts = (names: readonly string[]) =>
    fc.record(Object.fromEntries(names.map(name => [name, fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true }))])))
  await fc.assert(
    fc.asyncProperty(
      fc.array(counts(SHARD_COUNTERS), { maxLength: 3 }),
      counts(DESTINATION_COUNTERS),
      async (shards, destination) => {
        const { view, render } = setUp()
        view.shardList = shards.map((shard, i) => makeShard(i, shard))
        view.destinations = [makeDestination('1:"\\\n', destination)]
        const { series } = await render()
        t.true(series.length > 50)
      },
    ),
    { numRuns: 30 },
  )
})

test('every histogram bound has a bucket of its own', t => {
  t.is(
    SHARD_COUNTERS.filter(name => name.startsWith('scrapeDurationBucket')).length,
    SCRAPE_DURATION_BOUNDS_SECONDS.length + 1,
  )
})

test('what is resident and in no account is a metric of its own', t => {
  const view = new FakeView()
  const shards = [makeShard(0, { accountTargetBlocksBytes: 100, accountHeapBytes: 20, accountRingBytes: 5 })]
  const main = { residentBytes: 1000, fileBytes: 300, heapBytes: 50, externalBytes: 25, originalLabelsBytes: 10 }
  const [accounts, unaccounted] = memoryFamilies(main, shards, view.writer())
  t.deepEqual(
    accounts!.samples.find(({ labels }) => labels!.account === 'target_blocks'),
    { labels: { shard: '0', account: 'target_blocks' }, value: 100 },
  )
  t.is(unaccounted!.samples[0]!.value, 1000 - 100 - 20 - 5 - 300 - 50 - 25)
})

test('a process that may not look into /proc tells what Node knows and nothing else', t => {
  const node = {
    usage: { ...process.resourceUsage(), userCPUTime: 1_500_000, systemCPUTime: 500_000 },
    residentBytes: 5000,
    memoryLimitBytes: 0,
    machineMemoryBytes: 9000,
    cpuCores: 2,
  }
  const nothing = {
    status: undefined,
    io: undefined,
    openFiles: undefined,
    openFilesMax: undefined,
    pressure: { cpu: undefined, io: undefined, memory: undefined },
  }
  const families = new Map(processFamilies(node, nothing, 5999).map(family => [family.name, family.samples[0]!.value]))
  t.is(families.get('process_cpu_seconds_total'), 2)
  t.is(families.get('process_resident_memory_bytes'), 5000)
  t.is(families.get('vm_available_memory_bytes'), 9000)
  t.is(families.get('process_start_time_seconds'), 5)
  t.false(families.has('process_open_fds'))
  const limited = processFamilies({ ...node, memoryLimitBytes: 4000 }, nothing, 0)
  t.is(limited.find(({ name }) => name === 'vm_available_memory_bytes')!.samples[0]!.value, 4000)
})

test('the names that dashboards and alerts of vmagent ask for are there, but for those listed with a reason', async t => {
  const { view, logger, render } = setUp()
  logger.info('penstock/x', 'one')
  view.relabelConfigReload = () => ({ ...view.scrapeConfigReload() }) as never
  const { types } = await render()
  // Those of the HTTP server are checked with the server.
  const served = [
    'vm_concurrent_insert_capacity',
    'vm_concurrent_insert_current',
    'vmagent_http_request_errors_total',
    'vmagent_http_requests_total',
    'vm_tcplistener_read_bytes_total',
  ]
  const onlyOnLinux = /^process_(io|pressure|open|max|num|resident_memory_anon)/
  for (const name of PRESENT) {
    if (served.includes(name) || (process.platform !== 'linux' && onlyOnLinux.test(name))) continue
    t.true(types.has(name), name)
  }
  for (const name of Object.keys(MISSING)) t.false(types.has(name), `${name} is there now: take it off the list`)
})

const REFERENCE = new URL('../../../shared/reference/self_metrics.json', import.meta.url)
const testWithReference = existsSync(REFERENCE) ? test : test.skip
testWithReference('the two lists together are all names that are asked for', t => {
  const reference = JSON.parse(readFileSync(REFERENCE, 'utf8'))
  t.deepEqual([...PRESENT, ...Object.keys(MISSING)].sort(), [...reference.queried_by_dashboard_or_alerts].sort())
})
