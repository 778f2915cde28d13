/*
 * One measurement: one agent under one scenario, from its start to its end, everything fresh.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExporterStats } from './exporter.ts'
import { Exposition } from './exposition.ts'
import { groupUsage, median, type Usage } from './measure.ts'
import { announcedPort, type Child, freePort, Processes, until } from './processes.ts'
import type { Destination, Scenario } from './scenarios.ts'
import { type DecodeMode, type SinkStats, sumOfSinks } from './sink.ts'
import { scrapeConfig } from './targets.ts'

/** An agent under measurement: how to start it, and flags beyond those that every agent gets. */
export type Agent = { readonly name: string; readonly command: string; readonly flags: readonly string[] }

export type Result = {
  readonly agent: string
  readonly cpuSecondsPerMillion: number
  /** Medians over the window, and the greatest RSS seen in it. */
  readonly rssMiB: number
  readonly anonMiB: number
  readonly sharedMiB: number
  readonly peakRssMiB: number
  readonly bytesPerSample: number
  readonly samplesPerSecond: number
  /** Exposed samples that did not arrive, over the whole life of the agent; below zero: some came twice. */
  readonly lost: number
  /** CPU time of simulator and sink a second: what the measurement itself took from the machine. */
  readonly harnessCpuPerSecond: number
  /** RSS over the window, as [seconds, MiB]. */
  readonly rss: readonly (readonly [number, number])[]
  /** The agent's own counters that tell of losses and are not zero. */
  readonly lossCounters: Readonly<Record<string, number>>
  /** What all sinks have counted over the whole life of the agent. */
  readonly sink: SinkStats
}

/** What a round needs to know; see the command line for the defaults. */
export type RoundOptions = {
  readonly scenario: Scenario
  readonly agent: Agent
  readonly decode: DecodeMode
}

const FIRST_SAMPLE_TIMEOUT_MS = 60_000
const RSS_EVERY_MS = 500
/** After the simulator paused: when nothing arrived for so long, what is missing is lost. */
const SETTLED_MS = 6000
/** Time for what comes twice to come, after all has come once. */
const REPEAT_MS = 1500
const LOSS = /^([a-z_]*(?:dropped|lost|failed|skipped|timed_out|errors)[a-z_]*)(?:\{.*\})? (\S+)$/gm

/** The processes of a round and where they listen. */
type Stage = {
  agent: Child
  exporter: Child
  /** One for each destination of the scenario. */
  sinks: readonly Child[]
  agentUrl: string
  exporterUrl: string
  sinkUrls: readonly string[]
}

/** Runs one round. @throws Error if a process does not start or no sample arrives, with the end of its log */
export async function runRound(options: RoundOptions): Promise<Result> {
  const processes = new Processes()
  try {
    const stage = await setStage(processes, options)
    await sleep(options.scenario.warmupSeconds * 1000)
    const window = await measureWindow(stage, options.scenario.windowSeconds)
    // Before the supply ends: from then on scrapes fail by design.
    const lossCounters = await readLossCounters(stage)
    const lost = await settle(stage, options.scenario)
    return {
      agent: options.agent.name,
      ...window,
      lost,
      lossCounters,
      sink: sumOfSinks(await sinkStats(stage.sinkUrls)),
    }
  } finally {
    await processes.close()
  }
}

async function setStage(processes: Processes, { scenario, agent, decode }: RoundOptions): Promise<Stage> {
  const script = (name: string) => join(import.meta.dirname, name)
  const load = ['--series', scenario.series, '--churn', scenario.churn].map(String)
  const exporter = processes.start('exporter', process.execPath, [script('exporter.ts'), ...load, '--gzip'])
  const destinations = destinationsOf(scenario)
  const sinks = destinations.map((_, index) =>
    processes.start(`sink-${index}`, process.execPath, [script('sink.ts'), '--decode', decode]),
  )
  const exporterPort = await announcedPort(exporter)
  const sinkPorts = await Promise.all(sinks.map(announcedPort))
  const sinkUrls = sinkPorts.map(port => `http://127.0.0.1:${port}`)
  const agentPort = await freePort()
  const configFile = join(processes.folder, 'scrape.yml')
  const { targets, intervalSeconds, relabel } = scenario
  const job = { targets, intervalSeconds, port: exporterPort, ...(relabel && { yaml: relabel.yaml }) }
  writeFileSync(configFile, scrapeConfig(job))
  const child = processes.start(agent.name, agent.command, [
    `-promscrape.config=${configFile}`,
    ...destinations.flatMap(({ yaml }, index) => destinationFlags(processes.folder, sinkUrls[index]!, index, yaml)),
    `-remoteWrite.tmpDataPath=${join(processes.folder, 'queue')}`,
    `-httpListenAddr=127.0.0.1:${agentPort}`,
    ...agent.flags,
  ])
  await until(child, FIRST_SAMPLE_TIMEOUT_MS, async () => {
    const stats = await sinkStats(sinkUrls)
    return stats.every(({ scraped }) => scraped > 0) ? true : undefined
  })
  const agentUrl = `http://127.0.0.1:${agentPort}`
  return { agent: child, exporter, sinks, agentUrl, exporterUrl: `http://127.0.0.1:${exporterPort}`, sinkUrls }
}

function destinationsOf(scenario: Scenario): readonly Destination[] {
  return scenario.destinations ?? [{ yaml: '' }]
}

/** A destination, with its relabeling in a file if there is any. */
function destinationFlags(folder: string, sinkUrl: string, index: number, yaml: string): string[] {
  const url = `-remoteWrite.url=${sinkUrl}/api/v1/write`
  if (yaml === '') return [url]
  const file = join(folder, `relabel-${index}.yml`)
  writeFileSync(file, yaml)
  return [url, `-remoteWrite.urlRelabelConfig=${file}`]
}

async function measureWindow(stage: Stage, windowSeconds: number) {
  const startMs = performance.now()
  const before = await snapshot(stage)
  const usages: Usage[] = []
  const rss: [number, number][] = []
  while (performance.now() - startMs < windowSeconds * 1000) {
    await sleep(RSS_EVERY_MS)
    const usage = groupUsage(stage.agent.groupId)
    if (usage.rssMiB === 0) throw new Error(`${stage.agent.name} ended while it was measured`)
    usages.push(usage)
    rss.push([(performance.now() - startMs) / 1000, usage.rssMiB])
  }
  const after = await snapshot(stage)
  const seconds = (after.atMs - before.atMs) / 1000
  const samples = after.sink.samples - before.sink.samples
  if (samples === 0) throw new Error(`no sample arrived in ${windowSeconds} s`)
  const middle = (field: keyof Usage) => median(usages.map(usage => usage[field]))
  return {
    cpuSecondsPerMillion: ((after.agentCpuSeconds - before.agentCpuSeconds) / samples) * 1e6,
    rssMiB: middle('rssMiB'),
    anonMiB: middle('anonMiB'),
    sharedMiB: middle('sharedMiB'),
    peakRssMiB: Math.max(...usages.map(usage => usage.rssMiB)),
    bytesPerSample: (after.sink.wireBytes - before.sink.wireBytes) / samples,
    samplesPerSecond: samples / seconds,
    harnessCpuPerSecond: (after.harnessCpuSeconds - before.harnessCpuSeconds) / seconds,
    rss,
  }
}

async function snapshot(stage: Stage) {
  const sink = sumOfSinks(await sinkStats(stage.sinkUrls))
  const harness = [stage.exporter, ...stage.sinks].map(({ groupId }) => groupUsage(groupId).cpuSeconds)
  return {
    sink,
    atMs: performance.now(),
    agentCpuSeconds: groupUsage(stage.agent.groupId).cpuSeconds,
    harnessCpuSeconds: harness.reduce((sum, seconds) => sum + seconds),
  }
}

/** Ends the supply, waits until all has arrived or no more comes, and gives how many samples are missing. */
async function settle(stage: Stage, scenario: Scenario): Promise<number> {
  const { scrapes } = await json<ExporterStats>(`${stage.exporterUrl}/pause`)
  const expected = scrapes * expectedPerScrape(scenario)
  let arrived = -1
  for (let unchangedMs = 0; unchangedMs < SETTLED_MS && arrived < expected; unchangedMs += RSS_EVERY_MS) {
    const { scraped } = sumOfSinks(await sinkStats(stage.sinkUrls))
    if (scraped !== arrived) unchangedMs = 0
    arrived = scraped
    await sleep(RSS_EVERY_MS)
  }
  await sleep(REPEAT_MS)
  return expected - sumOfSinks(await sinkStats(stage.sinkUrls)).scraped
}

/** Samples that all destinations together get of one scrape of a target. */
function expectedPerScrape(scenario: Scenario): number {
  const exposition = new Exposition(scenario.series)
  const dropped = (names: RegExp | undefined) => (names ? exposition.countMatching(names) : 0)
  const kept = scenario.series - dropped(scenario.relabel?.dropped)
  return destinationsOf(scenario).reduce((sum, destination) => sum + kept - dropped(destination.dropped), 0)
}

/** What each sink has counted. */
function sinkStats(sinkUrls: readonly string[]): Promise<SinkStats[]> {
  return Promise.all(sinkUrls.map(url => json<SinkStats>(`${url}/stats`)))
}

async function readLossCounters(stage: Stage): Promise<Record<string, number>> {
  const response = await fetch(`${stage.agentUrl}/metrics`)
  const sums: Record<string, number> = {}
  for (const [, name, value] of (await response.text()).matchAll(LOSS)) {
    if (Number(value) > 0) sums[name!] = (sums[name!] ?? 0) + Number(value)
  }
  return sums
}

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return (await response.json()) as T
}
