import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { DEFAULT_SCRAPE_OPTIONS } from '../../lib/control/config/types.ts'
import { Configuration } from '../../lib/control/configuration.ts'
import { Reloader } from '../../lib/control/reload.ts'
import { makeDirectory } from '../support/agent-process.ts'
import { staticTargets } from '../support/config-dir.ts'
import { recordingLogger } from '../support/supervision.ts'

const scrapeText = (target: string) => `scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['${target}']}]\n`
const relabelText = (value: string) => `- {target_label: a, replacement: ${value}}\n`

/** A reloader, and what it has put in force. */
async function setUp(t: ExecutionContext, checkIntervalMs = 0) {
  const directory = await makeDirectory(t)
  const scrapePath = join(directory, 'scrape.yml')
  const relabelPath = join(directory, 'relabel.yml')
  await writeFile(scrapePath, scrapeText('h:1'))
  await writeFile(relabelPath, relabelText('one'))
  const { scoped, log } = recordingLogger()
  const sources = { scrapePath, scrapeOptions: DEFAULT_SCRAPE_OPTIONS, relabelPath, relabelViews: [] }
  const inForce: string[] = []
  const changed = Promise.withResolvers<void>()
  const reloader = new Reloader({
    configuration: await Configuration.load(sources, scoped),
    checkIntervalMs,
    onScrapeConfig: config => {
      inForce.push(`targets ${staticTargets(config)}`)
      changed.resolve()
    },
    onRelabelConfig: ({ all }) => inForce.push(`rules ${all.rules.map(rule => rule.replacement)}`),
    log: scoped,
  })
  t.teardown(() => reloader.close())
  return { scrapePath, relabelPath, reloader, inForce, log, changed: changed.promise }
}

test('only what has changed is put in force', async t => {
  const { scrapePath, relabelPath, reloader, inForce } = await setUp(t)
  t.deepEqual(await reloader.reload(), { ok: true })
  t.deepEqual(inForce, [])
  await writeFile(scrapePath, scrapeText('h:2'))
  t.deepEqual(await reloader.reload(), { ok: true })
  t.deepEqual(inForce, ['targets h:2'])
  await writeFile(relabelPath, relabelText('two'))
  t.deepEqual(await reloader.reload(), { ok: true })
  t.deepEqual(inForce, ['targets h:2', 'rules two'])
})

test('new rules are in force before new targets', async t => {
  const { scrapePath, relabelPath, reloader, inForce } = await setUp(t)
  await writeFile(scrapePath, scrapeText('h:2'))
  await writeFile(relabelPath, relabelText('two'))
  await reloader.reload()
  t.deepEqual(inForce, ['rules two', 'targets h:2'])
})

test('a broken file is reported with its place, and nothing is put in force', async t => {
  const { scrapePath, relabelPath, reloader, inForce, log } = await setUp(t)
  await writeFile(scrapePath, 'scrape_configs:\n- job_nam: a\n')
  await writeFile(relabelPath, relabelText('two'))
  const result = await reloader.reload()
  t.false(result.ok)
  t.regex(result.ok ? '' : result.message, /scrape\.yml:2:3: .*job_nam/)
  t.regex(log.at(-1)!, /^error: cannot reload; .*scrape\.yml:2:3/)
  t.deepEqual(inForce, [])
  await writeFile(scrapePath, scrapeText('h:1'))
  t.deepEqual(await reloader.reload(), { ok: true })
  t.deepEqual(inForce, ['rules two'])
})

test('a change is noticed without being asked if the files are to be checked', async t => {
  const { scrapePath, inForce, changed } = await setUp(t, 20)
  // In one step, as an editor does it: a check must not see half of the file.
  await writeFile(`${scrapePath}.new`, scrapeText('h:2'))
  await rename(`${scrapePath}.new`, scrapePath)
  await changed
  t.deepEqual(inForce, ['targets h:2'])
})
