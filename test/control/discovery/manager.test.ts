import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadConfig } from '../../../lib/control/config/load.ts'
import { DEFAULT_SCRAPE_OPTIONS, type ScrapeOptions } from '../../../lib/control/config/types.ts'
import { TargetSource } from '../../../lib/control/discovery/manager.ts'
import type { BuiltTarget, DroppedTarget } from '../../../lib/control/targets.ts'
import type { JobSpec } from '../../../shared/target.ts'
import { configDir } from '../../support/config-dir.ts'

type Told = { jobs: readonly JobSpec[]; targets: readonly BuiltTarget[]; dropped: readonly DroppedTarget[] }

async function start(t: ExecutionContext, files: Readonly<Record<string, string>>, some: Partial<ScrapeOptions> = {}) {
  const options = { ...DEFAULT_SCRAPE_OPTIONS, ...some }
  const directory = await configDir(t, files)
  const told: Told[] = []
  const problems: string[] = []
  let wake = () => {}
  const source = new TargetSource(options, {
    onTargets: (jobs, targets, dropped) => {
      told.push({ jobs, targets, dropped })
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
  return { directory, source, told, problems, load, urls, nextTold }
}

const job = (name: string, ...targets: readonly string[]) =>
  `- {job_name: ${name}, static_configs: [{targets: [${targets.map(target => `"${target}"`).join(', ')}]}]}\n`

test('the targets of all jobs are told at once', async t => {
  const { load, told, urls } = await start(t, { 'sd.yml': '- targets: [f:1]\n' })
  await load(`scrape_configs:\n${job('a', 'a:1')}${job('none')}- {job_name: b, file_sd_configs: [{files: [sd.yml]}]}\n`)
  t.is(told.length, 1)
  t.deepEqual(urls(), ['http://a:1/metrics', 'http://f:1/metrics'])
  const { jobs, targets } = told[0]!
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
  const changed = nextTold()
  await writeFile(join(directory, 'sd.yml'), '- targets: [f:2, f:3]\n')
  await changed
  t.deepEqual(urls(), ['http://a:1/metrics', 'http://f:2/metrics', 'http://f:3/metrics'])
  t.is(told[1]!.targets[0], told[0]!.targets[0], 'the other job was not built again')
})

test('a new configuration keeps what did not change', async t => {
  const { load, told, urls } = await start(t, { 'sd.yml': '- targets: [f:1]\n' })
  const files = '- {job_name: f, file_sd_configs: [{files: [sd.yml]}]}\n'
  await load(`scrape_configs:\n${job('a', 'a:1')}${job('b', 'b:1')}${files}`)
  await load(`scrape_configs:\n${files}${job('b', 'b:2')}${job('a', 'a:1')}`)
  t.deepEqual(urls(), ['http://f:1/metrics', 'http://b:2/metrics', 'http://a:1/metrics'])
  t.is(told[1]!.targets[0], told[0]!.targets[2])
  t.is(told[1]!.targets[2], told[0]!.targets[0])
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
  t.is(told[0]!.targets.length, 1)
  t.is(told[0]!.dropped.length, 3)
  t.is(problems.length, 21)
  t.is(problems.at(-1), 'job a: 9 more problems with targets')
})

test('nothing is told after close', async t => {
  const { directory, source, load, told } = await start(
    t,
    { 'sd.yml': '- targets: [f:1]\n' },
    { fileSdCheckIntervalMs: 10 },
  )
  await load('scrape_configs:\n- {job_name: f, file_sd_configs: [{files: [sd.yml]}]}\n')
  source.close()
  await writeFile(join(directory, 'sd.yml'), '- targets: [f:2]\n')
  await load('scrape_configs: []\n')
  t.is(told.length, 1)
})

test('six thousand targets are built', async t => {
  const { load, told } = await start(t, {})
  const hosts = Array.from({ length: 6000 }, (_, index) => `host-${index}:9100`)
  await load(`scrape_configs:\n${job('big', ...hosts)}`)
  t.is(new Set(told[0]!.targets.map(target => target.spec.id)).size, 6000)
})
