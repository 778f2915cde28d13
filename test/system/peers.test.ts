// The whole way with the programs that people run: node_exporter, the agent, VictoriaMetrics and Prometheus. A proxy
// records what the exporter said in each scrape; both databases must then hold exactly that.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import { hasPeer, type Peer, peerPath } from '../../bench/peers.ts'
import { type Child, freePort, Processes, until } from '../../bench/processes.ts'

/** Values at one time, by series: JSON of its label pairs, sorted by name. */
type Scrape = Map<string, number>
/** All that a database holds: values by time (ms since the epoch) and series. */
type Stored = Map<number, Scrape>
type Database = {
  readonly name: string
  readonly writeUrl: string
  readonly read: () => Promise<Stored>
  /** Whether what it stored is what it was sent, as exactly as it keeps floats. */
  readonly same: (sent: number, stored: number | undefined) => boolean
}

const SCRAPES = 3
const INTERVAL_SECONDS = 2
const TIMEOUT_MS = 60_000
const INSTANCE = 'this-machine'
/** Names of the series that agents add to those of a target. */
const AUTO = /^(?:up$|scrape_)/
/** In every scrape and different in each, so that it tells which stored scrape is which recorded one. */
const CLOCK = seriesKey({ __name__: 'node_time_seconds', job: 'node', instance: INSTANCE })

const NEEDED: readonly Peer[] = ['nodeExporter', 'victoriaMetrics', 'prometheus']
const missing = NEEDED.filter(peer => !hasPeer(peer))
const test = missing.length === 0 ? (anyTest as TestFn) : (anyTest as TestFn).skip
const why = missing.length === 0 ? '' : ` (no ${missing.map(peerPath).join(', ')}: run ../shared/peers/get-peers.sh)`

function seriesKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function nameOf(key: string): string {
  const labels = new Map(JSON.parse(key) as [string, string][])
  return labels.get('__name__') ?? ''
}

/** The series of a text of the exposition format, as a database should show them for this job. */
function parseExposition(text: string): Scrape {
  const scrape: Scrape = new Map()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name, pairs = '', value] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line)!
    const labels: Record<string, string> = { __name__: name!, job: 'node', instance: INSTANCE }
    for (const [, label, escaped] of pairs.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      const plain = escaped!.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))
      if (plain !== '') labels[label!] = plain
    }
    scrape.set(seriesKey(labels), parseValue(value!))
  }
  return scrape
}

function parseValue(text: string): number {
  return Number(text.replace(/^([+-]?)Inf$/, '$1Infinity'))
}

function store(stored: Stored, timestampMs: number, key: string, value: number): void {
  const scrape = stored.get(timestampMs) ?? new Map()
  stored.set(timestampMs, scrape.set(key, value))
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`)
  return text
}

const ready = (child: Child, url: string) => until(child, TIMEOUT_MS, async () => (await get(url)) !== undefined)

async function startVictoriaMetrics(processes: Processes): Promise<Database> {
  const base = `http://127.0.0.1:${await freePort()}`
  const child = processes.start('victoria-metrics', peerPath('victoriaMetrics'), [
    `-httpListenAddr=${base.slice('http://'.length)}`,
    `-storageDataPath=${join(processes.folder, 'victoria-metrics')}`,
    '-memory.allowedBytes=256MB',
  ])
  await ready(child, `${base}/health`)
  const read = async () => {
    const stored: Stored = new Map()
    await get(`${base}/internal/force_flush`)
    const lines = await get(`${base}/api/v1/export?${new URLSearchParams({ 'match[]': '{job="node"}' })}`)
    for (const line of lines.split('\n').filter(line => line !== '')) {
      const { metric, values, timestamps } = JSON.parse(line)
      for (const [i, timestampMs] of timestamps.entries()) {
        store(stored, timestampMs, seriesKey(metric), Number(values[i] ?? Number.NaN))
      }
    }
    return stored
  }
  // It stores decimals of about 15 digits.
  const same = (sent: number, stored = Number.NaN) =>
    Object.is(sent, stored) || Math.abs(stored - sent) <= Math.abs(sent) * 1e-14
  return { name: 'VictoriaMetrics', read, same, writeUrl: `${base}/api/v1/write` }
}

async function startPrometheus(processes: Processes): Promise<Database> {
  const base = `http://127.0.0.1:${await freePort()}`
  const configFile = join(processes.folder, 'prometheus.yml')
  writeFileSync(configFile, '')
  const child = processes.start('prometheus', peerPath('prometheus'), [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(processes.folder, 'prometheus')}`,
    `--web.listen-address=${base.slice('http://'.length)}`,
    '--web.enable-remote-write-receiver',
  ])
  await ready(child, `${base}/-/ready`)
  const read = async () => {
    const stored: Stored = new Map()
    // A little into the future: a range ends before the time that is asked for.
    const query = new URLSearchParams({ query: '{job="node"}[10m]', time: String(Date.now() / 1000 + 5) })
    const { data } = JSON.parse(await get(`${base}/api/v1/query?${query}`))
    for (const { metric, values } of data.result) {
      for (const [seconds, text] of values)
        store(stored, Math.round(seconds * 1000), seriesKey(metric), parseValue(text))
    }
    return stored
  }
  return { name: 'Prometheus', read, same: Object.is, writeUrl: `${base}/api/v1/write` }
}

async function startNodeExporter(processes: Processes): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`
  const child = processes.start('node-exporter', peerPath('nodeExporter'), [`--web.listen-address=${address}`])
  await ready(child, `http://${address}/metrics`)
  return `http://${address}/metrics`
}

/** Stands between agent and exporter, and keeps the text of each scrape that was served to its end. */
async function startRecorder(t: ExecutionContext, exporterUrl: string) {
  const recorded: string[] = []
  const server = createServer(async (_request, reply) => {
    const text = await get(exporterUrl)
    reply.on('finish', () => recorded.push(text))
    reply.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8').end(text)
  })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { recorded, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

async function startAgent(processes: Processes, target: string, databases: readonly Database[]) {
  const configFile = join(processes.folder, 'scrape.yml')
  writeFileSync(
    configFile,
    `scrape_configs:
- job_name: node
  scrape_interval: ${INTERVAL_SECONDS}s
  static_configs:
  - targets: ['${target}']
    labels: {instance: ${INSTANCE}}
`,
  )
  const binary = process.env.PENSTOCK_TEST_AGENT ?? join(import.meta.dirname, '../../bin/penstock')
  return processes.start('agent', binary, [
    `-promscrape.config=${configFile}`,
    `-remoteWrite.tmpDataPath=${join(processes.folder, 'queue')}`,
    `-httpListenAddr=127.0.0.1:${await freePort()}`,
    ...databases.map(({ writeUrl }) => `-remoteWrite.url=${writeUrl}`),
  ])
}

/** The stored scrape that has the clock of the recorded one, as closely as a database keeps it. */
function find(stored: Stored, recorded: Scrape): Scrape | undefined {
  const clock = recorded.get(CLOCK)!
  return [...stored.values()].find(scrape => Math.abs((scrape.get(CLOCK) ?? 0) - clock) < INTERVAL_SECONDS / 2)
}

function compare(t: ExecutionContext, { name, same }: Database, recorded: Scrape, stored: Scrape): void {
  const exposed = new Map([...stored].filter(([key]) => !AUTO.test(nameOf(key))))
  t.deepEqual([...exposed.keys()].sort(), [...recorded.keys()].sort(), `the series in ${name}`)
  const differing = [...recorded].filter(([key, value]) => !same(value, exposed.get(key)))
  t.deepEqual(
    differing.map(([key, value]) => `${key}: exposed ${value}, stored ${exposed.get(key)}`),
    [],
    `the values in ${name}`,
  )
  const auto = new Map(
    [...stored].filter(([key]) => AUTO.test(nameOf(key))).map(([key, value]) => [nameOf(key), value]),
  )
  t.is(auto.get('up'), 1)
  t.is(auto.get('scrape_samples_scraped'), recorded.size)
}

test(`VictoriaMetrics and Prometheus hold every series and value that node_exporter exposed${why}`, async t => {
  const processes = new Processes()
  t.teardown(() => processes.close())
  const [exporterUrl, ...databases] = await Promise.all([
    startNodeExporter(processes),
    startVictoriaMetrics(processes),
    startPrometheus(processes),
  ])
  const { recorded, address } = await startRecorder(t, exporterUrl)
  const agent = await startAgent(processes, address, databases)
  await until(agent, TIMEOUT_MS, async () => recorded.length >= SCRAPES || undefined)
  const scrapes = recorded.slice(0, SCRAPES).map(parseExposition)
  t.true(scrapes[0]!.size > 100, 'node_exporter exposes hundreds of series')
  for (const database of databases) {
    const stored = await until(agent, TIMEOUT_MS, async () => {
      const all = await database.read()
      const found = scrapes.map(scrape => find(all, scrape))
      return found.every(scrape => scrape !== undefined) ? found : undefined
    })
    for (const [i, scrape] of scrapes.entries()) compare(t, database, scrape, stored[i]!)
  }
})
