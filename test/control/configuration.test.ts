import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { DEFAULT_SCRAPE_OPTIONS } from '../../lib/control/config/types.ts'
import { Configuration } from '../../lib/control/configuration.ts'
import { relabelRulesOf } from '../../lib/control/relabel-config.ts'
import { makeDirectory } from '../support/agent-process.ts'
import { staticTargets } from '../support/config-dir.ts'
import { recordingLogger } from '../support/supervision.ts'

const GOOD = 'scrape_configs:\n- job_name: a\n  static_configs: [{targets: [h:1]}]\n'
const HALF_BROKEN = `${GOOD}- job_name: b\n  relabel_configs: [{action: nonsense}]\n`

async function setUp(t: ExecutionContext, scrapeText: string, relabelText: string) {
  const directory = await makeDirectory(t)
  const scrapePath = join(directory, 'scrape.yml')
  const relabelPath = join(directory, 'relabel.yml')
  await writeFile(scrapePath, scrapeText)
  await writeFile(relabelPath, relabelText)
  const sources = { scrapePath, scrapeOptions: DEFAULT_SCRAPE_OPTIONS, relabelPath, relabelViews: [] }
  const { scoped, log } = recordingLogger()
  return { sources, scoped, log }
}

test('without files there is nothing to reload', async t => {
  const { sources, scoped } = await setUp(t, '', '')
  const configuration = await Configuration.load({ ...sources, scrapePath: '', relabelPath: '' }, scoped)
  t.is(configuration.scrape, undefined)
  t.is(configuration.relabel, undefined)
  t.deepEqual(await configuration.readAgain(), { scrape: undefined, relabel: undefined })
})

test('both files are read at the start', async t => {
  const { sources, scoped, log } = await setUp(t, GOOD, '- {target_label: a, replacement: b}\n')
  const configuration = await Configuration.load(sources, scoped)
  t.deepEqual(
    configuration.scrape?.current.config.jobs.map(job => job.jobName),
    ['a'],
  )
  t.is(configuration.relabel?.current.all.rules.length, 1)
  t.deepEqual(log, [])
})

test('a broken job is left out at the start, and keeps a reload from happening', async t => {
  const { sources, scoped, log } = await setUp(t, HALF_BROKEN, '')
  const started = await Configuration.load(sources, scoped)
  t.deepEqual(
    started.scrape?.current.config.jobs.map(job => job.jobName),
    ['a'],
  )
  t.regex(log.join('\n'), /^error: job left out: .*scrape\.yml:5:\d+: .*nonsense/)
  await t.throwsAsync(started.readAgain(), { code: 'CONFIG_INVALID', message: /scrape\.yml:5:\d+/ })
  t.like(started.scrape?.history, { errors: 1, lastSuccessful: false })
})

test('a file that is broken as a whole is an error at the start', async t => {
  const { sources, scoped } = await setUp(t, 'scrape_configs: 1\n', '')
  await t.throwsAsync(Configuration.load(sources, scoped), { code: 'CONFIG_INVALID' })
})

test('if one file is broken, both stay as they are, and only its history says so', async t => {
  const { sources, scoped } = await setUp(t, GOOD, '')
  const configuration = await Configuration.load(sources, scoped)
  await writeFile(sources.scrapePath, GOOD.replace('h:1', 'h:2'))
  await writeFile(sources.relabelPath, '- {action: nonsense}\n')
  await t.throwsAsync(configuration.readAgain(), { message: /relabel\.yml/ })
  t.like(configuration.relabel?.history, { errors: 1, lastSuccessful: false })
  t.like(configuration.scrape?.history, { errors: 0, reloads: 0, lastSuccessful: true })
  t.deepEqual(staticTargets(configuration.scrape!.current.config), ['h:1'])
})

test('rules of destinations are read, watched and refused as those for all', async t => {
  const { sources, scoped } = await setUp(t, '', '- {target_label: a, replacement: one}\n')
  const relabelViews = [
    { path: sources.relabelPath, destinations: 5 },
    { path: '', destinations: 2 },
  ]
  const configuration = await Configuration.load({ ...sources, scrapePath: '', relabelPath: '', relabelViews }, scoped)
  const inForce = () => relabelRulesOf(configuration.relabel?.current)
  t.deepEqual(inForce().remoteRelabelRules, [])
  t.like(inForce().views, [
    { destinations: 5, relabelRules: [{ replacement: 'one' }] },
    { destinations: 2, relabelRules: [] },
  ])
  t.false((await configuration.readAgain()).relabel?.changed)
  await writeFile(sources.relabelPath, '- {target_label: a, replacement: two}\n')
  const { relabel } = await configuration.readAgain()
  t.true(relabel?.changed)
  relabel?.accept()
  t.like(inForce().views[0]?.relabelRules, [{ replacement: 'two' }])
  await writeFile(sources.relabelPath, '- {action: nonsense}\n')
  await t.throwsAsync(configuration.readAgain(), { code: 'CONFIG_INVALID', message: /relabel\.yml:1:12: .*nonsense/ })
  t.like(configuration.relabel?.history, { reloads: 1, errors: 1, lastSuccessful: false })
  t.like(inForce().views[0]?.relabelRules, [{ replacement: 'two' }])
})

test('without files of rules all destinations share one view', t => {
  t.deepEqual(relabelRulesOf(undefined), {
    remoteRelabelRules: [],
    views: [{ destinations: 0, relabelRules: [] }],
  })
})

test('a changed comment is no change', async t => {
  const { sources, scoped } = await setUp(t, GOOD, '')
  const configuration = await Configuration.load(sources, scoped)
  await writeFile(sources.scrapePath, `# new\n${GOOD}`)
  const { scrape, relabel } = await configuration.readAgain()
  t.is(scrape?.changed, false)
  t.is(relabel?.changed, false)
  scrape?.accept()
  t.true(configuration.scrape?.current.text.startsWith('# new'))
})
