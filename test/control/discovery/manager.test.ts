import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { loadConfig } from '../../../lib/control/config/load.ts'
import { DEFAULT_SCRAPE_OPTIONS, type ScrapeOptions } from '../../../lib/control/config/types.ts'
import { type KnownTargets, TargetSource } from '../../../lib/control/discovery/manager.ts'
import { configDir } from '../../support/config-dir.ts'
import { serve } from '../../support/fetching.ts'

async function start(t: ExecutionContext, files: Readonly<Record<string, string>>, some: Partial<ScrapeOptions> = {}) {
  const options = { ...DEFAULT_SCRAPE_OPTIONS, ...some }
  const directory = await configDir(t, files)
  const told: KnownTargets[] = []
  const problems: string[] = []
  let wake = () => {}
  const source = new TargetSource(options, {
    onTargets: known => {
      told.push(known)
      wake()
    },
    onProblem: problem => problems.push(problem),
  })
  t.teardown(() => source.close())
  const load = async (text: string) => {
    await writeFile(join(directory, 'scrape.yml'), text)
    const { config } = await loadConfig(join(directory, 'scrape.yml'), options)
    await source.replaceConfig(config)
  }
  const urls = () => told.at(-1)!.targets.map(target => target.spec.url)
  const nextTold = () =>
    new Promise<void>(resolve => {
      wake = resolve
    })
  /** Resolves once the targets are those of these hosts. */
  const becomes = async (...hosts: readonly string[]) => {
    const wanted = hosts.map(host => `http://${host}/metrics`)
    while (told.length === 0 || JSON.stringify(urls()) !== JSON.stringify(wanted)) await nextTold()
  }
  return { directory, source, told, problems, load, urls, nextTold, becomes }
}

const job = (name: string, ...targets: readonly string[]) =>
  `- {job_name: ${name}, static_configs: [{targets: [${targets.map(target => `"${target}"`).join(', ')}]}]}\n`

test('the targets of all jobs are told, with the jobs that have any', async t => {
  const { load, told, urls } = await start(t, { 'sd.yml': '- targets: [f:1]\n' })
  await load(`scrape_configs:\n${job('a', 'a:1')}${job('none')}- {job_name: b, file_sd_configs: [{files: [sd.yml]}]}\n`)
  t.deepEqual(urls(), ['http://a:1/metrics', 'http://f:1/metrics'])
  const { jobs, targets } = told.at(-1)!
  t.deepEqual(
    jobs.map(({ jobName }) => jobName),
    ['a', 'b'],
  )
  t.deepEqual(
    targets.map(({ spec, kind }) => [spec.jobKey, kind]),
    [
      [jobs[0]!.key, 'static_configs'],
      [jobs[1]!.key, 'file_sd_configs'],
    ],
  )
})

test('a changed file changes the targets of its job alone', async t => {
  const { directory, load, told, urls, nextTold } = await start(t, { 'sd.yml': '- targets: [f:1]\n' })
  await load(`scrape_configs:\n${job('a', 'a:1')}- {job_name: b, file_sd_configs: [{files: [sd.yml]}]}\n`)
  const before = told.at(-1)!
  const changed = nextTold()
  await writeFile(join(directory, 'sd.yml'), '- targets: [f:2, f:3]\n')
  await changed
  t.deepEqual(urls(), ['http://a:1/metrics', 'http://f:2/metrics', 'http://f:3/metrics'])
  t.is(told.at(-1)!.targets[0], before.targets[0], 'the other job was not built again')
})

test('a new configuration keeps what did not change', async t => {
  const { load, told, urls } = await start(t, { 'sd.yml': '- targets: [f:1]\n' })
  const files = '- {job_name: f, file_sd_configs: [{files: [sd.yml]}]}\n'
  await load(`scrape_configs:\n${job('a', 'a:1')}${job('b', 'b:1')}${files}`)
  const before = told.at(-1)!
  await load(`scrape_configs:\n${files}${job('b', 'b:2')}${job('a', 'a:1')}`)
  t.deepEqual(urls(), ['http://f:1/metrics', 'http://b:2/metrics', 'http://a:1/metrics'])
  t.is(told.at(-1)!.targets[0], before.targets[2])
  t.is(told.at(-1)!.targets[2], before.targets[0])
  await load('scrape_configs: []\n')
  t.deepEqual([urls(), told.at(-1)!.jobs], [[], []])
})

test('configurations that come fast one after another end with the last', async t => {
  const { directory, source, urls } = await start(t, {})
  const configs = []
  for (const target of ['a:1', 'a:2', 'a:3']) {
    await writeFile(join(directory, 'scrape.yml'), `scrape_configs:\n${job('a', target)}`)
    configs.push((await loadConfig(join(directory, 'scrape.yml'), DEFAULT_SCRAPE_OPTIONS)).config)
  }
  await Promise.all(configs.map(config => source.replaceConfig(config)))
  t.deepEqual(urls(), ['http://a:3/metrics'])
})

test('dropped targets are remembered up to a limit, and many problems are told in short', async t => {
  const { load, told, problems } = await start(t, {}, { maxDroppedTargets: 3 })
  await load(`scrape_configs:\n${job('a', ...Array.from({ length: 30 }, () => 'a:1'))}`)
  t.is(told.at(-1)!.targets.length, 1)
  t.is(told.at(-1)!.dropped.length, 3)
  t.is(problems.length, 21)
  t.is(problems.at(-1), 'job a: 9 more problems with targets')
})

test('nothing is told after close', async t => {
  const { directory, source, load, told } = await start(
    t,
    { 'sd.yml': '- targets: [f:1]\n' },
    { discoveryIntervalsMs: { ...DEFAULT_SCRAPE_OPTIONS.discoveryIntervalsMs, file_sd_configs: 10 } },
  )
  await load('scrape_configs:\n- {job_name: f, file_sd_configs: [{files: [sd.yml]}]}\n')
  source.close()
  const before = told.length
  await writeFile(join(directory, 'sd.yml'), '- targets: [f:2]\n')
  await load('scrape_configs: []\n')
  t.is(told.length, before)
})

test('six thousand targets are built', async t => {
  const { load, told } = await start(t, {})
  const hosts = Array.from({ length: 6000 }, (_, index) => `host-${index}:9100`)
  await load(`scrape_configs:\n${job('big', ...hosts)}`)
  t.is(new Set(told.at(-1)!.targets.map(target => target.spec.id)).size, 6000)
})

/** A server of target lists by path; a path without one is never answered. */
async function listServer(t: ExecutionContext, lists: Record<string, string | number>) {
  const asked: string[] = []
  const origin = await serve(t, ({ url }, response) => {
    asked.push(url!)
    const list = lists[url!]
    if (typeof list === 'number') response.writeHead(list).end()
    else if (list !== undefined) response.end(JSON.stringify([{ targets: [list] }]))
  })
  return { asked, origin }
}

const httpJob = (name: string, ...urls: readonly string[]) =>
  `- {job_name: ${name}, http_sd_configs: [${urls.map(url => `{url: "${url}"}`).join(', ')}]}\n`

test('jobs with the same source share it, and so do configurations', async t => {
  const { asked, origin } = await listServer(t, { '/list': 'h:1' })
  const { load, urls, source } = await start(t, {})
  await load(`scrape_configs:\n${httpJob('a', `${origin}/list`)}${httpJob('b', `${origin}/list`)}`)
  t.deepEqual(urls(), ['http://h:1/metrics', 'http://h:1/metrics'])
  await load(`scrape_configs:\n${httpJob('c', `${origin}/list`)}`)
  t.deepEqual(urls(), ['http://h:1/metrics'])
  t.deepEqual(asked, ['/list'])
  t.deepEqual(source.stats(), {
    requests: 1,
    retries: 0,
    failures: new Map([['http_sd_configs', 0] as const]),
    endpoints: [{ url: `${origin}/list`, fetch: 0, parse: 0 }],
  })
})

test('at the start a source that does not answer keeps no other target waiting, and its job is not ready', async t => {
  const { origin } = await listServer(t, {})
  const { load, becomes, told } = await start(t, {})
  const loading = load(`scrape_configs:\n${job('a', 'a:1')}${httpJob('b', `${origin}/silent`)}`)
  await becomes('a:1')
  t.is(told.at(-1)!.jobsNotReady, 1)
  await loading
  t.is(told.at(-1)!.jobsNotReady, 0, 'after some seconds nobody waits for it')
})

test('a job that goes does so at once, though another one waits for its source', async t => {
  const { origin } = await listServer(t, { '/old': 'old:1' })
  const { load, becomes } = await start(t, {})
  await load(`scrape_configs:\n${httpJob('h', `${origin}/old`)}${job('gone', 'gone:1')}`)
  await becomes('old:1', 'gone:1')
  const loading = load(`scrape_configs:\n${httpJob('h', `${origin}/silent`)}`).then(() => 'loaded')
  t.is(await Promise.race([loading, becomes('old:1').then(() => 'gone')]), 'gone')
  await loading
})

test('a changed job keeps its targets until its sources have answered', async t => {
  const lists: Record<string, string | number> = { '/old': 'old:1' }
  const { asked, origin } = await listServer(t, lists)
  const { load, told, urls } = await start(t, { 'sd.yml': '- targets: [f:1]\n' })
  const files = '- {job_name: f, file_sd_configs: [{files: [sd.yml]}]}\n'
  await load(`scrape_configs:\n${httpJob('h', `${origin}/old`)}${files}`)
  lists['/new'] = 'new:1'
  await load(`scrape_configs:\n${httpJob('h', `${origin}/new`)}- {job_name: f, static_configs: [{targets: ["f:1"]}]}\n`)
  t.deepEqual(urls(), ['http://new:1/metrics', 'http://f:1/metrics'])
  t.deepEqual(asked, ['/old', '/new'])
  const all = told.map(({ targets }) => targets.map(({ spec }) => spec.url).join())
  const sinceFound = all.slice(all.findIndex(list => list.includes('//f:1')))
  t.deepEqual(
    sinceFound.filter(list => !list.includes('//f:1')),
    [],
    'a target that moves to another section is there all the time',
  )
})

test('a source that takes the place of another has the targets of that one until it can tell its own', async t => {
  const lists: Record<string, string | number> = { '/old': 'old:1', '/new': 503, '/more': 'more:1' }
  const { origin } = await listServer(t, lists)
  const { load, becomes, urls, problems } = await start(t, {})
  const config = (...paths: readonly string[]) =>
    `scrape_configs:\n${httpJob('h', ...paths.map(path => origin + path))}${job('s', 's:1')}`
  await load(config('/old'))
  await load(config('/new'))
  t.deepEqual(urls(), ['http://old:1/metrics', 'http://s:1/metrics'])
  t.deepEqual(problems, [`http_sd_configs: ${origin}/new answered 503`])
  await load(config('/new', '/more'))
  t.deepEqual(urls(), ['http://more:1/metrics', 'http://old:1/metrics', 'http://s:1/metrics'])
  lists['/new'] = 'new:1'
  await becomes('new:1', 'more:1', 's:1')
})

test('a source that fails in the same way again and again is told of once, and counted', async t => {
  const { asked, origin } = await listServer(t, { '/list': 500 })
  const options = { discoveryIntervalsMs: { ...DEFAULT_SCRAPE_OPTIONS.discoveryIntervalsMs, http_sd_configs: 5 } }
  const { load, source, problems } = await start(t, {}, options)
  await load(`scrape_configs:\n${httpJob('h', `${origin}/list`)}`)
  while (asked.length < 5) await setTimeout(5)
  t.deepEqual(problems, [`http_sd_configs: ${origin}/list answered 500`])
  t.true(source.stats().failures.get('http_sd_configs')! >= 4)
  t.true(source.stats().endpoints[0]!.fetch >= 4)
})

test('problems with targets that stay are told once', async t => {
  const { directory, load, problems, nextTold } = await start(t, { 'sd.yml': '- targets: ["bad host", f:1]\n' })
  await load('scrape_configs:\n- {job_name: f, file_sd_configs: [{files: [sd.yml]}]}\n')
  const changed = nextTold()
  await writeFile(join(directory, 'sd.yml'), '- targets: ["bad host", f:2]\n')
  await changed
  t.is(problems.length, 1)
})
