// The whole agent as a process of its own, between real exporters and a real receiver.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { AgentProcess, makeDirectory } from '../support/agent-process.ts'
import { type Exporter, startExporter } from '../support/exporter.ts'
import { type ReceivedSample, type Receiver, startReceiver } from '../support/receiver.ts'

type Setup = {
  readonly directory: string
  readonly configFile: string
  readonly receiver: Receiver
  readonly flags: Readonly<Record<string, string>>
}

/** A receiver, and the flags of an agent that scrapes `exporters` for it. */
async function setUp(t: ExecutionContext, exporters: readonly Exporter[]): Promise<Setup> {
  const directory = await makeDirectory(t)
  const configFile = join(directory, 'scrape.yml')
  const receiver = await startReceiver(t)
  await writeConfig(configFile, exporters)
  return { directory, configFile, receiver, flags: flagsOf(directory, configFile, receiver) }
}

function flagsOf(directory: string, configFile: string, receiver: Receiver) {
  return {
    'promscrape.config': configFile,
    'remoteWrite.url': receiver.url,
    'remoteWrite.tmpDataPath': join(directory, 'queue'),
    'remoteWrite.flushInterval': '50ms',
    'remoteWrite.forcePromProto': 'true',
    httpListenAddr: '127.0.0.1:0',
    shards: '1',
  }
}

function writeConfig(configFile: string, exporters: readonly Exporter[]): Promise<void> {
  const targets = exporters.map(exporter => `'${exporter.address}'`)
  return writeFile(
    configFile,
    `global:
  scrape_interval: 1s
scrape_configs:
  - job_name: test
    static_configs:
      - targets: [${targets.join(', ')}]
`,
  )
}

/** A server with one answer; gives its URL. */
async function startList(t: ExecutionContext, answer: () => { status: number; body: string }): Promise<string> {
  const server = createServer((_, response) => {
    const { status, body } = answer()
    response.writeHead(status).end(body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/list`
}

const sampleOf = (exporter: Exporter, name: string) => (sample: ReceivedSample) =>
  sample.labels.__name__ === name && sample.labels.instance === exporter.address

/**
 * Each scrape that worked has arrived as the metric `scrapes`, once and in order. On a busy machine some may not work.
 *
 * @returns how many scrapes have told how they went
 */
function checkArrived(t: ExecutionContext, receiver: Receiver, exporter: Exporter): number {
  const ups = receiver.samples.filter(sampleOf(exporter, 'up'))
  const arrived = receiver.samples.filter(sampleOf(exporter, 'scrapes')).filter(({ value }) => !Number.isNaN(value)) // a stale marker
  t.true(arrived.length > 0)
  t.deepEqual(
    arrived.map(sample => sample.timestampMs),
    ups.filter(({ value }) => value === 1).map(sample => sample.timestampMs),
  )
  for (const [index, { value }] of arrived.entries()) t.true(index === 0 || value > arrived[index - 1]!.value)
  return ups.length
}

/** Resolves when that scrape of `exporter`, or a later one, has arrived as the metric `scrapes`. */
function passesOn(receiver: Receiver, exporter: Exporter, scrape: number): Promise<ReceivedSample> {
  return receiver.first(sample => sampleOf(exporter, 'scrapes')(sample) && sample.value >= scrape)
}

test('what a target exposes arrives, and how its scrape went', async t => {
  const exporter = await startExporter(t, () => 'answer{of="everything"} 42\n')
  const { receiver, flags } = await setUp(t, [exporter])
  const startedMs = Date.now()
  new AgentProcess(t, flags)
  const answer = await receiver.first(sampleOf(exporter, 'answer'))
  t.deepEqual(answer.labels, { __name__: 'answer', instance: exporter.address, job: 'test', of: 'everything' })
  t.is(answer.value, 42)
  t.true(answer.timestampMs >= startedMs - 1000 && answer.timestampMs <= Date.now())
  for (const name of ['up', 'scrape_samples_scraped']) {
    const ofThatScrape = (sample: ReceivedSample) => sample.timestampMs === answer.timestampMs
    t.is((await receiver.first(sample => sampleOf(exporter, name)(sample) && ofThatScrape(sample))).value, 1)
  }
})

test('a reload adds a target, and the others are scraped on', async t => {
  const old = await startExporter(t, scrape => `scrapes ${scrape}\n`)
  const added = await startExporter(t, () => 'm 1\n')
  const { receiver, configFile, flags } = await setUp(t, [old])
  const agent = new AgentProcess(t, flags)
  await receiver.first(sampleOf(old, 'scrapes'))
  await writeConfig(configFile, [old, added])
  agent.signal('SIGHUP')
  await receiver.first(sampleOf(added, 'm'))
  await passesOn(receiver, old, old.scrapes + 1)
  t.deepEqual(
    receiver.samples.filter(sample => sampleOf(old, 'scrapes')(sample) && Number.isNaN(sample.value)),
    [],
    'no stale marker: the target was not touched',
  )
})

test('a reload over HTTP removes a target', async t => {
  const stays = await startExporter(t, () => 'm 1\n')
  const goes = await startExporter(t, () => 'm 1\n')
  const { receiver, configFile, flags } = await setUp(t, [stays, goes])
  const agent = new AgentProcess(t, flags)
  await receiver.first(sampleOf(goes, 'm'))
  await writeConfig(configFile, [stays])
  const { status } = await fetch(`${await agent.url()}/-/reload`, { method: 'POST' })
  t.is(status, 200)
  const marker = await receiver.first(sample => sampleOf(goes, 'm')(sample) && Number.isNaN(sample.value))
  t.true(marker.timestampMs > 0)
})

test('a broken file is refused with its place, and the configuration before it stays in force', async t => {
  const exporter = await startExporter(t, scrape => `scrapes ${scrape}\n`)
  const { receiver, configFile, flags } = await setUp(t, [exporter])
  const agent = new AgentProcess(t, flags)
  await receiver.first(sampleOf(exporter, 'scrapes'))
  await writeFile(configFile, 'scrape_configs:\n  - job_name: test\n    scrape_intervall: 1s\n')
  agent.signal('SIGHUP')
  await agent.logged(/\terror\t.*scrape\.yml:3:5\b.*scrape_intervall/)
  const metrics = await (await fetch(`${await agent.url()}/metrics`)).text()
  t.regex(metrics, /^vm_promscrape_config_last_reload_successful 0$/m)
  t.regex(metrics, /^vm_promscrape_config_reloads_errors_total 1$/m)
  await passesOn(receiver, exporter, exporter.scrapes + 1)
  t.pass()
})

test('a changed file is noticed when it is to be checked regularly', async t => {
  const old = await startExporter(t, () => 'm 1\n')
  const added = await startExporter(t, () => 'm 1\n')
  const { receiver, configFile, flags } = await setUp(t, [old])
  new AgentProcess(t, { ...flags, 'promscrape.configCheckInterval': '100ms' })
  await receiver.first(sampleOf(old, 'm'))
  await writeConfig(configFile, [added])
  t.is((await receiver.first(sampleOf(added, 'm'))).value, 1)
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends the process with code 0 after every scrape has been delivered`, async t => {
    const exporter = await startExporter(t, scrape => `scrapes ${scrape}\n`)
    const { receiver, flags } = await setUp(t, [exporter])
    const agent = new AgentProcess(t, { ...flags, 'remoteWrite.flushInterval': '1h' })
    await exporter.reached(3)
    agent.signal(signal)
    t.is(await agent.exited(), 0)
    t.true(checkArrived(t, receiver, exporter) >= exporter.scrapes)
  })
}

test('a second signal ends the process at once', async t => {
  const exporter = await startExporter(t, () => 'm 1\n')
  const { receiver, flags } = await setUp(t, [exporter])
  receiver.status = 503
  const agent = new AgentProcess(t, flags)
  await agent.logged(/answered 503/)
  agent.signal('SIGTERM')
  await agent.logged(/received SIGTERM/)
  agent.signal('SIGINT')
  t.is(await agent.exited(), 1)
})

test('samples that the receiver refuses for a while are delivered later, in order', async t => {
  const exporter = await startExporter(t, scrape => `scrapes ${scrape}\n`)
  const { receiver, flags } = await setUp(t, [exporter])
  receiver.status = 503
  new AgentProcess(t, { ...flags, 'remoteWrite.retryMinInterval': '50ms' })
  await exporter.reached(3)
  receiver.status = 204
  await passesOn(receiver, exporter, 4)
  t.true(checkArrived(t, receiver, exporter) >= 4)
})

test('new rules for all samples are in force after a reload, and broken ones change nothing', async t => {
  const exporter = await startExporter(t, scrape => `scrapes ${scrape}\n`)
  const { receiver, directory, flags } = await setUp(t, [exporter])
  const rulesFile = join(directory, 'relabel.yml')
  await writeFile(rulesFile, '- {target_label: rules, replacement: old}\n')
  const agent = new AgentProcess(t, { ...flags, 'remoteWrite.relabelConfig': rulesFile, shards: '2' })
  const withRules = (rules: string) => (sample: ReceivedSample) => sample.labels.rules === rules
  await receiver.first(withRules('old'))
  await writeFile(rulesFile, '- {target_label: rules, replacement: new}\n')
  agent.signal('SIGHUP')
  await receiver.first(withRules('new'))
  await writeFile(rulesFile, '- {action: nonsense}\n')
  agent.signal('SIGHUP')
  await agent.logged(/\terror\t.*relabel\.yml:1:\d+.*nonsense/)
  await passesOn(receiver, exporter, exporter.scrapes + 1)
  t.is(receiver.samples.at(-1)?.labels.rules, 'new')
})

test('targets come and go with the list that a server gives', async t => {
  const old = await startExporter(t, scrape => `scrapes ${scrape}\n`)
  const added = await startExporter(t, () => 'm 1\n')
  const { receiver, configFile, flags } = await setUp(t, [])
  let answer = { status: 200, body: JSON.stringify([{ targets: [old.address] }]) }
  const list = await startList(t, () => answer)
  await writeFile(
    configFile,
    `{global: {scrape_interval: 1s}, scrape_configs: [{job_name: test, http_sd_configs: [{url: "${list}"}]}]}`,
  )
  const agent = new AgentProcess(t, { ...flags, 'promscrape.httpSDCheckInterval': '100ms' })
  await receiver.first(sampleOf(old, 'scrapes'))
  answer = { status: 503, body: '' }
  await agent.logged(/\twarn\t.*http_sd_configs: http.*answered 503/)
  await passesOn(receiver, old, old.scrapes + 1)
  answer = { status: 200, body: JSON.stringify([{ targets: [added.address] }]) }
  await receiver.first(sampleOf(added, 'm'))
  await receiver.first(sample => sampleOf(old, 'scrapes')(sample) && Number.isNaN(sample.value))
  const metrics = await (await fetch(`${await agent.url()}/metrics`)).text()
  t.regex(metrics, /^promscrape_discovery_http_errors_total\{type="fetch", url="http:.*"\} [1-9]/m)
  t.regex(metrics, /^vm_promscrape_targets\{type="http_sd_configs", status="up"\} 1$/m)
})

test('a second agent with the same data path refuses to start', async t => {
  const exporter = await startExporter(t, () => 'm 1\n')
  const { receiver, directory, flags } = await setUp(t, [exporter])
  const first = new AgentProcess(t, flags)
  await receiver.first(sampleOf(exporter, 'm'))
  const second = new AgentProcess(t, flags)
  t.is(await second.exited(), 255)
  t.true(second.log.includes(join(directory, 'queue')))
  first.signal('SIGTERM')
  t.is(await first.exited(), 0)
  const third = new AgentProcess(t, flags)
  t.truthy(await third.url(), 'the data path is free again')
})

test('a dry run tells whether the configuration is good, and starts nothing', async t => {
  const exporter = await startExporter(t, () => 'm 1\n')
  const { configFile, flags } = await setUp(t, [exporter])
  const good = new AgentProcess(t, { ...flags, dryRun: 'true' })
  t.is(await good.exited(), 0)
  await writeFile(configFile, 'scrape_configs: {}\n')
  const bad = new AgentProcess(t, { ...flags, dryRun: 'true' })
  t.is(await bad.exited(), 255)
  t.regex(bad.log, /\tfatal\t.*scrape\.yml:1:\d+/)
  const alone = new AgentProcess(t, { 'promscrape.config.dryRun': 'true', 'promscrape.config': configFile })
  t.is(await alone.exited(), 255)
  await writeConfig(configFile, [exporter])
  const again = new AgentProcess(t, { 'promscrape.config.dryRun': 'true', 'promscrape.config': configFile })
  t.is(await again.exited(), 0)
  t.is(exporter.scrapes, 0)
})

test('a configuration that is broken at the start ends the process with code 255', async t => {
  const { configFile, flags } = await setUp(t, [])
  await writeFile(configFile, 'scrape_configs: [\n')
  const agent = new AgentProcess(t, flags)
  t.is(await agent.exited(), 255)
  t.regex(agent.log, /\tfatal\t.*scrape\.yml/)
})

test('a wrong flag ends the process with code 2 and says which', async t => {
  const agent = new AgentProcess(t, { 'remoteWrite.urll': 'http://127.0.0.1:1' })
  t.is(await agent.exited(), 2)
  t.regex(agent.log, /remoteWrite\.urll/)
})
