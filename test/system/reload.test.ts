// Reloads of a whole agent with many targets: what did not change goes on as if nothing had happened.
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { scrapeConfig } from '../../bench/targets.ts'
import { AgentProcess, makeDirectory } from '../support/agent-process.ts'
import { BROKEN, GOOD_RELABEL, GOOD_SCRAPE } from '../support/broken-configs.ts'
import { type ReceivedSample, startReceiver } from '../support/receiver.ts'

const TARGETS = 2000
/** So long that a busy machine misses no tick, or says so. */
const INTERVAL_MS = 10_000

type Ledger = {
  readonly port: number
  /** Scrapes that were answered, by address. */
  readonly scrapes: ReadonlyMap<string, number>
  readonly connections: number
  /** Resolves when this holds; looks twice a second. */
  until(isSo: () => boolean): Promise<void>
}

/** One exporter for all addresses in 127.0.0.0/8, with a ledger of what each of them was asked. */
async function startLedger(t: ExecutionContext): Promise<Ledger> {
  const scrapes = new Map<string, number>()
  let connections = 0
  const listener: RequestListener = ({ socket }, response) => {
    const number = (scrapes.get(socket.localAddress!) ?? 0) + 1
    scrapes.set(socket.localAddress!, number)
    response.end(`number ${number}\nextra ${number}\n`)
  }
  // The agent keeps a connection for as long as the exporter does.
  const server = createServer({ keepAliveTimeout: 20 * INTERVAL_MS }, listener).on('connection', () => connections++)
  await once(server.listen(0, '0.0.0.0', 4096), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    scrapes,
    get connections() {
      return connections
    },
    until: async (isSo: () => boolean) => {
      while (!isSo()) await new Promise(resolve => setTimeout(resolve, 500))
    },
  }
}

/**
 * All that the exporter has served has arrived, once and in order, at times that are whole intervals apart; ticks without
 * a scrape are no more than the agent itself says it skipped.
 */
function checkLedger(
  t: ExecutionContext,
  { port, scrapes }: Pick<Ledger, 'port' | 'scrapes'>,
  received: readonly ReceivedSample[],
  intervalMs: number,
  skipped: number,
): void {
  const arrived = Map.groupBy(
    received.filter(({ labels, value }) => labels.__name__ === 'number' && !Number.isNaN(value)),
    ({ labels }) => labels.instance!,
  )
  t.is(arrived.size, scrapes.size)
  let ticksMissed = 0
  for (const [address, number] of scrapes) {
    const samples = arrived.get(`${address}:${port}`)!
    const served = Array.from({ length: number }, (_, index) => index + 1)
    t.deepEqual(
      samples.map(sample => sample.value),
      served,
    )
    const ticks = samples.map(sample => (sample.timestampMs - samples[0]!.timestampMs) / intervalMs)
    t.true(ticks.every(Number.isInteger), `${address} was scraped out of step`)
    ticksMissed += ticks.at(-1)! - (ticks.length - 1)
  }
  t.true(ticksMissed <= skipped, `${ticksMissed} ticks have no scrape, and the agent says that it skipped ${skipped}`)
}

async function metric(agentUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${agentUrl}/metrics`)).text()
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))]
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}

async function reload(agentUrl: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${agentUrl}/-/reload`, { method: 'POST' })
  return { status: response.status, text: await response.text() }
}

function flagsOf(directory: string, receiverUrl: string) {
  return {
    'promscrape.config': join(directory, 'scrape.yml'),
    'remoteWrite.url': receiverUrl,
    'remoteWrite.tmpDataPath': join(directory, 'queue'),
    'remoteWrite.forcePromProto': 'true',
    httpListenAddr: '127.0.0.1:0',
    shards: '2',
  }
}

test('one target more among 2000: the others keep phase, stencil and connection, and no scrape is missed', async t => {
  const ledger = await startLedger(t)
  const receiver = await startReceiver(t)
  const directory = await makeDirectory(t)
  const config = (targets: number, other = '') =>
    scrapeConfig({ targets, port: ledger.port, intervalSeconds: INTERVAL_MS / 1000 }) + other
  await writeFile(join(directory, 'scrape.yml'), config(TARGETS))
  const agent = new AgentProcess(t, flagsOf(directory, receiver.url))
  const url = await agent.url()
  await ledger.until(() => ledger.scrapes.size === TARGETS)

  // Another job, and options that no target takes over, change as well.
  const unrelated =
    '- {job_name: other, scrape_interval: 1m}\nglobal: {scrape_interval: 30s, evaluation_interval: 1m}\n'
  await writeFile(join(directory, 'scrape.yml'), config(TARGETS + 1, unrelated))
  t.is((await reload(url)).status, 200)
  await agent.logged(/targets: 1 added, 0 removed, 0 changed, 2001 in all/)
  const atReload = new Map(ledger.scrapes)
  await ledger.until(() => {
    const isScrapedOn = [...atReload].every(([address, number]) => ledger.scrapes.get(address)! >= number + 2)
    return isScrapedOn && ledger.scrapes.size === TARGETS + 1
  })

  t.is(await metric(url, 'penstock_stencil_misses_total'), TARGETS + 1)
  t.is(await metric(url, 'vm_promscrape_scrapes_failed_total'), 0)
  const skipped = await metric(url, 'penstock_scrapes_skipped_total')
  t.is(ledger.connections, TARGETS + 1)
  agent.signal('SIGTERM')
  t.is(await agent.exited(), 0)

  checkLedger(t, ledger, receiver.samples, INTERVAL_MS, skipped)
})

test('other options of a job: its targets keep phase and series, and only what rules drop ends', async t => {
  const targets = 200
  const intervalMs = 5000
  const ledger = await startLedger(t)
  const receiver = await startReceiver(t)
  const directory = await makeDirectory(t)
  const config = (yaml: string) =>
    scrapeConfig({ targets, port: ledger.port, intervalSeconds: intervalMs / 1000, yaml })
  await writeFile(join(directory, 'scrape.yml'), config('  scrape_timeout: 5s'))
  const agent = new AgentProcess(t, flagsOf(directory, receiver.url))
  const url = await agent.url()
  const scrapedOn = (scrapes: number) => {
    const from = new Map(ledger.scrapes)
    return ledger.until(
      () =>
        ledger.scrapes.size === targets &&
        [...ledger.scrapes].every(([address, number]) => number >= (from.get(address) ?? 0) + scrapes),
    )
  }
  await scrapedOn(1)
  const rule = '  metric_relabel_configs: [{action: drop, source_labels: [__name__], regex: extra}]'
  for (const yaml of ['  scrape_timeout: 4s', `  honor_labels: true\n${rule}`]) {
    await writeFile(join(directory, 'scrape.yml'), config(yaml))
    t.is((await reload(url)).status, 200)
    await scrapedOn(2)
  }
  await agent.logged(/(?:targets: 0 added, 0 removed, 200 changed, 200 in all(?:.|\n)*){2}/)
  const skipped = await metric(url, 'penstock_scrapes_skipped_total')
  t.is(await metric(url, 'vm_promscrape_scrapes_failed_total'), 0)
  agent.signal('SIGTERM')
  t.is(await agent.exited(), 0)

  checkLedger(t, ledger, receiver.samples, intervalMs, skipped)
  const markers = receiver.samples.filter(({ value }) => Number.isNaN(value))
  t.is(markers.length, targets)
  t.is(new Set(markers.map(({ labels }) => labels.instance)).size, targets)
  t.true(markers.every(({ labels }) => labels.__name__ === 'extra'))
})

test('whatever is wrong with a file, the agent scrapes on as before, says where it is wrong, and counts it', async t => {
  const ledger = await startLedger(t)
  const receiver = await startReceiver(t)
  const directory = await makeDirectory(t)
  const good = { 'scrape.yml': GOOD_SCRAPE.replace('good:1', `127.0.0.1:${ledger.port}`), 'relabel.yml': GOOD_RELABEL }
  const write = async (files: Readonly<Record<string, string | undefined>>) => {
    for (const [name, text] of Object.entries(files)) {
      if (text === undefined) await rm(join(directory, name), { force: true })
      else await writeFile(join(directory, name), text)
    }
  }
  await write(good)
  const relabelConfig = join(directory, 'relabel.yml')
  const flags = { ...flagsOf(directory, receiver.url), 'remoteWrite.relabelConfig': relabelConfig }
  const url = await new AgentProcess(t, flags).url()
  const failures = { vm_promscrape_config: 0, vmagent_relabel_config: 0 }
  for (const { what, files, place, words } of BROKEN) {
    await write(files)
    const { status, text } = await reload(url)
    t.is(status, 500, what)
    t.true(text.includes(`/${place}: `), text)
    t.regex(text, words)
    const kind = place.startsWith('relabel.yml') ? 'vmagent_relabel_config' : 'vm_promscrape_config'
    failures[kind]++
    t.is(await metric(url, `${kind}_reloads_errors_total`), failures[kind], what)
    t.is(await metric(url, `${kind}_last_reload_successful`), 0, what)
    await write(good)
    t.is((await reload(url)).status, 200, what)
    t.is(await metric(url, `${kind}_last_reload_successful`), 1, what)
  }
  t.is(await metric(url, 'vm_promscrape_config_reloads_total'), 0)
  t.is(await metric(url, 'penstock_shard_targets'), 1)
})
