import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { LiveView } from '../lib/agent-view.ts'
import { parseCommandLine } from '../lib/cli/command-line.ts'
import { DEFAULT_SCRAPE_OPTIONS } from '../lib/control/config/types.ts'
import { Configuration } from '../lib/control/configuration.ts'
import { droppedTargetId } from '../lib/control/dropped-id.ts'
import { Supervisor } from '../lib/control/supervise.ts'
import { TargetFeed } from '../lib/control/target-feed.ts'
import { makeDirectory } from './support/agent-process.ts'
import { destinationOf, shardOptionsOf } from './support/specs.ts'
import { fakeWorkers, recordingLogger } from './support/supervision.ts'

const CONFIG = `scrape_configs:
- job_name: web
  static_configs: [{targets: ['b:1', 'a:1']}]
- job_name: db
  relabel_configs: [{action: drop, source_labels: [__address__], regex: 'x.*'}]
  static_configs: [{targets: ['d:1', 'x:1']}]
`

async function viewOf(t: ExecutionContext) {
  const scrapePath = join(await makeDirectory(t), 'scrape.yml')
  await writeFile(scrapePath, CONFIG)
  const { logger, scoped } = recordingLogger()
  const sources = { scrapePath, scrapeOptions: DEFAULT_SCRAPE_OPTIONS, relabelPath: '', relabelViews: [] }
  const configuration = await Configuration.load(sources, scoped)
  const destinations = [destinationOf('1:secret-url'), destinationOf('2:secret-url')]
  const supervisor = await Supervisor.start({
    shardCount: 2,
    shardOptions: shardOptionsOf(),
    destinations,
    writerOptions: { flushIntervalMs: 1000, blockRawBytesMax: 1 << 20, blockSamplesMax: 10_000 },
    logger,
    onFailure: error => t.fail(error.message),
    entries: fakeWorkers,
  })
  const told = Promise.withResolvers<void>()
  const assign: Supervisor['assign'] = (jobs, targets) => {
    supervisor.assign(jobs, targets)
    told.resolve()
  }
  const feed = new TargetFeed(DEFAULT_SCRAPE_OPTIONS, { assign }, scoped)
  t.teardown(async () => {
    feed.close()
    await supervisor.stopShards(100)
    await supervisor.stopWriter(100)
  })
  feed.start(configuration.scrape!.current.config)
  const command = parseCommandLine(['-remoteWrite.url=http://user:pw@h/', '-shards=2'], {})
  if (command.type !== 'run') throw new Error('not a command line to run')
  const reload = async () => ({ ok: true }) as const
  const { flags } = command
  const view = new LiveView({ flags, memoryAllowedBytes: 1e9, destinations, configuration, supervisor, feed, reload })
  return { view, told: told.promise }
}

test('active targets are sorted by job and URL, with where and how they are', async t => {
  const { view, told } = await viewOf(t)
  await told
  const active = await view.activeTargets()
  t.deepEqual(
    active.map(target => [target.scrapePool, target.spec.url]),
    [
      ['db', 'http://d:1/metrics'],
      ['web', 'http://a:1/metrics'],
      ['web', 'http://b:1/metrics'],
    ],
  )
  for (const { shard, status } of active) t.is(status?.samples, shard) // the fake shard answers with its number
  t.deepEqual(
    view.droppedTargets().map(target => [target.scrapePool, target.reason]),
    [['db', 'relabeling']],
  )
  t.is(view.jobsNotReady(), 0)
})

test('targets are counted by job and kind of discovery', async t => {
  const { view, told } = await viewOf(t)
  await told
  t.deepEqual(await view.targetCounts(), [
    { type: 'static_configs', scrapePool: 'web', up: 2, down: 0 },
    { type: 'static_configs', scrapePool: 'db', up: 1, down: 0 },
  ])
})

test('configuration, flags and threads can be looked at', async t => {
  const { view } = await viewOf(t)
  t.is(view.configText(), CONFIG)
  t.is(view.relabelConfigText(), '')
  t.like(view.scrapeConfigReload(), { reloads: 0, errors: 0, lastSuccessful: true })
  t.is(view.relabelConfigReload(), undefined)
  t.is(view.flags().find(flag => flag.name === 'remoteWrite.url')?.value, 'secret')
  t.true(view.startedAtMs <= Date.now())
  t.deepEqual(
    view.shards().map(({ shard, ringUsedBytes }) => ({ shard, ringUsedBytes })),
    [
      { shard: 0, ringUsedBytes: 0 },
      { shard: 1, ringUsedBytes: 0 },
    ],
  )
  const { counters, destinations } = view.writer()
  t.is(counters.get('segments'), 2) // the fake writer counts its shards
  t.deepEqual(
    destinations.map(({ name, counters }) => [name, counters.get('blocksSent')]),
    [
      ['1:secret-url', 1],
      ['2:secret-url', 2],
    ],
  )
})

test('what a target went through is known by its id, whether or not it was dropped', async t => {
  const { view, told } = await viewOf(t)
  await told
  const [active] = await view.activeTargets()
  const relabeling = view.relabelingOf(active!.spec.id)
  t.deepEqual(relabeling?.labels, active!.spec.labels)
  t.deepEqual(relabeling?.discoveredLabels, active!.discoveredLabels.unpack())
  t.deepEqual(
    relabeling?.targetRules.map(rule => rule.action),
    ['drop'],
  )
  const [dropped] = view.droppedTargets()
  const { labels, discoveredLabels } = view.relabelingOf(droppedTargetId(dropped!))!
  t.deepEqual([labels, discoveredLabels], [undefined, dropped!.discoveredLabels.unpack()])
  t.is(view.relabelingOf('nonsense'), undefined)
  t.is(view.droppedCounts().get('db')?.relabeling, 1)
  t.true(view.originalLabelsBytes() > 100)
  t.deepEqual(view.jobNames(), ['web', 'db'])
})

test('a target is asked by the shard that scrapes it', async t => {
  const { view, told } = await viewOf(t)
  await told
  const [active] = await view.activeTargets()
  const response = await view.targetResponse(active!.spec.id)
  t.true(response?.ok && Buffer.from(response.body).toString().endsWith(`fetched ${active!.spec.url}\n`))
  t.is(await view.targetResponse('nonsense'), undefined)
})
