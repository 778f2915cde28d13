// The whole agent between an exporter and two receivers, each with relabeling of its own.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { AgentProcess, makeDirectory } from '../support/agent-process.ts'
import { type Exporter, startExporter } from '../support/exporter.ts'
import { type ReceivedSample, type Receiver, startReceiver } from '../support/receiver.ts'

const GLOBAL_RULES = `
- {target_label: global, replacement: "yes"}
- {source_labels: [__name__], regex: "drop_global", action: drop}
`
const RULES = [
  `
- {source_labels: [__name__], regex: "only2|scrape_.*", action: drop}
- {target_label: url, replacement: "1"}
- {action: labeldrop, regex: lab}
`,
  `
- {source_labels: [__name__], regex: "only1", action: drop}
- {source_labels: [lab, global], target_label: seen}
`,
]

/** Two receivers with rules in files, and the flags of an agent that scrapes `exporters` for both. */
async function setUp(t: ExecutionContext, exporters: readonly Exporter[]) {
  const directory = await makeDirectory(t)
  const receivers = [await startReceiver(t), await startReceiver(t)] as const
  const file = (name: string) => join(directory, name)
  const targets = exporters.map(exporter => `'${exporter.address}'`)
  await writeFile(
    file('scrape.yml'),
    `scrape_configs: [{job_name: test, scrape_interval: 1s, static_configs: [{targets: [${targets}]}]}]\n`,
  )
  await writeFile(file('global.yml'), GLOBAL_RULES)
  for (const [index, rules] of RULES.entries()) await writeFile(file(`${index}.yml`), rules)
  const flags: Record<string, string | readonly string[]> = {
    'promscrape.config': file('scrape.yml'),
    'remoteWrite.url': receivers.map(receiver => receiver.url),
    'remoteWrite.relabelConfig': file('global.yml'),
    'remoteWrite.urlRelabelConfig': [file('0.yml'), file('1.yml')],
    'remoteWrite.label': 'lab=flag',
    'remoteWrite.tmpDataPath': file('queue'),
    'remoteWrite.flushInterval': '50ms',
    'remoteWrite.retryMinInterval': '50ms',
    'remoteWrite.retryMaxInterval': '100ms',
    'remoteWrite.forcePromProto': 'true',
    httpListenAddr: '127.0.0.1:0',
    shards: '2',
  }
  return { receivers, flags, file }
}

const named = (name: string) => (sample: ReceivedSample) => sample.labels.__name__ === name
const isLive = (sample: ReceivedSample) => !Number.isNaN(sample.value)

/** The distinct label sets of a receiver's series of this metric, without those of the target. */
function labelSets(receiver: Receiver, name: string): string[] {
  const sets = receiver.samples.filter(named(name)).map(({ labels }) => {
    const { instance, job, ...others } = labels
    return JSON.stringify(Object.entries(others).sort())
  })
  return [...new Set(sets)]
}

/** What arrived of the metric `scrapes`, in the order of arrival. */
const scrapesOf = (receiver: Receiver): number[] =>
  receiver.samples
    .filter(named('scrapes'))
    .filter(isLive)
    .map(({ value }) => value)

const passesOn = (receiver: Receiver, scrape: number) =>
  receiver.first(sample => named('scrapes')(sample) && sample.value >= scrape)

test('each destination gets the series that its rules leave, under the labels that they give', async t => {
  const body = 'm{a="1"} 1\nonly1 2\nonly2 3\ndrop_global 4\nm{global="own"} 5\n'
  const { receivers, flags } = await setUp(t, [await startExporter(t, () => body)])
  const agent = new AgentProcess(t, flags)
  for (const receiver of receivers) await receiver.first(named('up'))
  t.deepEqual(
    ['m', 'only1', 'only2', 'drop_global', 'up', 'scrape_samples_scraped'].map(name => labelSets(receivers[0], name)),
    [
      [
        '[["__name__","m"],["a","1"],["global","yes"],["lab","flag"],["url","1"]]',
        '[["__name__","m"],["global","yes"],["lab","flag"],["url","1"]]',
      ],
      ['[["__name__","only1"],["global","yes"],["lab","flag"],["url","1"]]'],
      [],
      [],
      ['[["__name__","up"],["global","yes"],["lab","flag"],["url","1"]]'],
      [],
    ],
  )
  t.deepEqual(
    ['m', 'only1', 'only2', 'drop_global', 'scrape_samples_scraped'].map(name => labelSets(receivers[1], name)),
    [
      [
        '[["__name__","m"],["a","1"],["global","yes"],["lab","flag"],["seen",";yes"]]',
        '[["__name__","m"],["global","yes"],["lab","flag"],["seen",";yes"]]',
      ],
      [],
      ['[["__name__","only2"],["global","yes"],["lab","flag"],["seen",";yes"]]'],
      [],
      ['[["__name__","scrape_samples_scraped"],["global","yes"],["lab","flag"],["seen",";yes"]]'],
    ],
  )
  const metrics = await (await fetch(`${await agent.url()}/metrics`)).text()
  t.regex(metrics, /^vmagent_remotewrite_relabel_metrics_dropped_total\{url="1:secret-url"\} [1-9]/m)
  t.regex(metrics, /^vmagent_remotewrite_relabel_metrics_dropped_total\{url="2:secret-url"\} [1-9]/m)
  t.regex(metrics, /^vmagent_remotewrite_global_relabel_metrics_dropped_total [1-9]/m)
  t.regex(metrics, /^vmagent_relabel_config_last_reload_successful 1$/m)
})

test('one destination is down for a while: the other gets all in time, and it gets all in order later', async t => {
  const exporter = await startExporter(t, scrape => `scrapes ${scrape}\n`)
  const { receivers, flags } = await setUp(t, [exporter])
  const [down, up] = receivers
  down.status = 503
  const agent = new AgentProcess(t, flags)
  await passesOn(up, 4)
  t.deepEqual(scrapesOf(down), [])
  down.status = 204
  await passesOn(down, 5)
  await passesOn(up, 5)
  agent.signal('SIGTERM')
  t.is(await agent.exited(), 0)
  const expected = Array.from({ length: exporter.scrapes }, (_, index) => index + 1)
  for (const receiver of receivers) t.deepEqual(scrapesOf(receiver), expected)
})

test('rules of one destination change: its series go on under other labels, those of the other as they were', async t => {
  const exporter = await startExporter(t, scrape => `scrapes ${scrape}\n`)
  const { receivers, flags, file } = await setUp(t, [exporter])
  const agent = new AgentProcess(t, flags)
  await passesOn(receivers[0], 2)
  await writeFile(file('0.yml'), '- {target_label: url, replacement: "changed"}\n')
  agent.signal('SIGHUP')
  await receivers[0].first(sample => named('scrapes')(sample) && sample.labels.url === 'changed')
  const marker = await receivers[0].first(sample => named('scrapes')(sample) && !isLive(sample))
  t.is(marker.labels.url, '1')
  await writeFile(file('1.yml'), '- {action: nonsense}\n')
  agent.signal('SIGHUP')
  await agent.logged(/\terror\t.*1\.yml:1:\d+.*nonsense/)
  const last = exporter.scrapes + 1
  await passesOn(receivers[0], last)
  await passesOn(receivers[1], last)
  for (const receiver of receivers) {
    t.deepEqual(
      scrapesOf(receiver).slice(0, last),
      Array.from({ length: last }, (_, index) => index + 1),
    )
  }
  t.true(receivers[1].samples.every(isLive))
  t.deepEqual(labelSets(receivers[1], 'scrapes').length, 1)
})

test('a broken file of one destination ends the process at the start, and a dry run', async t => {
  const { flags, file } = await setUp(t, [])
  await writeFile(file('1.yml'), '- target_label: a\n  replacment: b\n')
  for (const dryRun of ['true', 'false']) {
    const agent = new AgentProcess(t, { ...flags, dryRun })
    t.is(await agent.exited(), 255)
    t.regex(agent.log, /\tfatal\t.*1\.yml:2:3: .*replacment/)
  }
})
