// Every way to break configuration that we know of, at a reload: nothing changes, and the place is named.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { DEFAULT_SCRAPE_OPTIONS } from '../../lib/control/config/types.ts'
import { Configuration } from '../../lib/control/configuration.ts'
import { Reloader } from '../../lib/control/reload.ts'
import { BROKEN, GOOD_RELABEL, GOOD_SCRAPE } from '../support/broken-configs.ts'
import { configDir, staticTargets } from '../support/config-dir.ts'
import { recordingLogger } from '../support/supervision.ts'

async function setUp(t: ExecutionContext) {
  const directory = await configDir(t, { 'scrape.yml': GOOD_SCRAPE, 'relabel.yml': GOOD_RELABEL })
  const sources = {
    scrapePath: join(directory, 'scrape.yml'),
    scrapeOptions: DEFAULT_SCRAPE_OPTIONS,
    relabelPath: join(directory, 'relabel.yml'),
    relabelViews: [],
  }
  const { scoped, log } = recordingLogger()
  const configuration = await Configuration.load(sources, scoped)
  const changes: string[] = []
  const reloader = new Reloader({
    configuration,
    checkIntervalMs: 0,
    onScrapeConfig: config => changes.push(`targets ${staticTargets(config)}`),
    onRelabelConfig: () => changes.push('rules'),
    log: scoped,
  })
  t.teardown(() => reloader.close())
  const write = async (files: Readonly<Record<string, string | undefined>>) => {
    for (const [name, text] of Object.entries(files)) {
      if (text === undefined) await rm(join(directory, name), { force: true })
      else await writeFile(join(directory, name), text)
    }
  }
  return { configuration, reloader, changes, write, log }
}

test('there are fifty ways to break it', t => {
  t.true(BROKEN.length >= 50)
  t.is(new Set(BROKEN.map(({ what }) => what)).size, BROKEN.length)
})

for (const { what, files, place, words } of BROKEN) {
  test(`${what}: the configuration before stays in force, and ${place} is named`, async t => {
    const { configuration, reloader, changes, write, log } = await setUp(t)
    const before = { scrape: configuration.scrape!.current, relabel: configuration.relabel!.current }
    await write(files)
    const result = await reloader.reload()
    const message = result.ok ? '' : result.message
    t.true(message.includes(`/${place}: `), message)
    t.regex(message, words)
    t.true(log.at(-1)!.startsWith('error: ') && log.at(-1)!.endsWith(message))
    t.deepEqual(changes, [])
    t.is(configuration.scrape!.current, before.scrape)
    t.is(configuration.relabel!.current, before.relabel)
    const broken = files['scrape.yml'] === undefined && 'relabel.yml' in files ? 'relabel' : 'scrape'
    t.like(configuration[broken]!.history, { reloads: 0, errors: 1, lastSuccessful: false, lastError: message })

    await write({ 'scrape.yml': GOOD_SCRAPE, 'relabel.yml': GOOD_RELABEL })
    t.deepEqual(await reloader.reload(), { ok: true })
    t.like(configuration[broken]!.history, { reloads: 0, errors: 1, lastSuccessful: true, lastError: '' })
  })
}

test('a file that could not be used from the start on is no reason to refuse a reload', async t => {
  const directory = await configDir(t)
  const scrapePath = join(directory, 'scrape.yml')
  const withFiles = (...names: readonly string[]) =>
    `scrape_configs:\n${names.map(name => `- {job_name: ${name}, bearer_token_file: ${name}}\n`).join('')}`
  await writeFile(scrapePath, withFiles('a'))
  const { scoped, log } = recordingLogger()
  const sources = { scrapePath, scrapeOptions: DEFAULT_SCRAPE_OPTIONS, relabelPath: '', relabelViews: [] }
  const configuration = await Configuration.load(sources, scoped)
  t.regex(log[0]!, /^warn: .*scrape\.yml:2:36: .*ENOENT.*; it is read again when it is needed$/)
  await writeFile(join(directory, 'c'), 'token')
  await writeFile(scrapePath, withFiles('c', 'a'))
  const { scrape } = await configuration.readAgain()
  scrape!.accept()
  t.is(configuration.scrape!.current.config.jobs.length, 2)
  await writeFile(scrapePath, withFiles('c', 'a', 'b'))
  await t.throwsAsync(configuration.readAgain(), { message: /scrape\.yml:4:36: / })
})
