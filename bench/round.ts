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
import type { Scenario } from './scenarios.ts'
import type { DecodeMode, SinkStats } from './sink.ts'
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
  /** The sink's counts over the whole life of the agent. */
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
type Stage = { agent: Child; exporter: Child; sink: Child; agentUrl: string; exporterUrl: string; sinkUrl: string }

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
      sink: await json<SinkStats>(`${stage.sinkUrl}/stats`),
    }
  } finally {
    await processes.close()
  }
}

async function setStage(processes: Processes, { scenario, agent, decode }: RoundOptions): Promise<Stage> {
  const script = (name: string) => join(import.meta.dirname, name)
  const load = ['--series', scenario.series, '--churn', scenario.churn].map(String)
  const exporter = processes.start('exporter', process.execPath, [script('exporter.ts'), ...load, '--gzip'])
  const sink = processes.start('sink', process.execPath, [script('sink.ts'), '--decode', decode])
  const exporterPort = await announcedPort(exporter)
  const sinkUrl = `http://127.0.0.1:${await announcedPort(sink)}`
  const agentPort = await freePort()
  const configFile = join(processes.folder, 'scrape.yml')
  const { targets, intervalSeconds, relabel } = scenario
  const job = { targets, intervalSeconds, port: exporterPort, ...(relabel && { yaml: relabel.yaml }) }
  writeFileSync(configFile, scrapeConfig(job))
  const child = processes.start(agent.name, agent.command, [
    `-promscrape.config=${configFile}`,
    `-remoteWrite.url=${sinkUrl}/api/v1/write`,
    `-remoteWrite.tmpDataPath=${join(processes.folder, 'queue')}`,
    `-httpListenAddr=127.0.0.1:${agentPort}`,
    ...agent.flags,
  ])
  await until(child, FIRST_SAMPLE_TIMEOUT_MS, async () => {
    const { scraped } = await json<SinkStats>(`${sinkUrl}/stats`)
    return scraped > 0 ? true : undefined
  })
  const agentUrl = `http://127.0.0.1:${agentPort}`
  return { agent: child, exporter, sink, agentUrl, exporterUrl: `http://127.0.0.1:${exporterPort}`, sinkUrl }
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
  const sink = await json<SinkStats>(`${stage.sinkUrl}/stats`)
  return {
    sink,
    atMs: performance.now(),
    agentCpuSeconds: groupUsage(stage.agent.groupId).cpuSeconds,
    harnessCpuSeconds: groupUsage(stage.exporter.groupId).cpuSeconds + groupUsage(stage.sink.groupId).cpuSeconds,
  }
}

/** Ends the supply, waits until all has arrived or no more comes, and gives how many samples are missing. */
async function settle(stage: Stage, scenario: Scenario): Promise<number> {
  const { scrapes } = await json<ExporterStats>(`${stage.exporterUrl}/pause`)
  const dropped = scenario.relabel ? new Exposition(scenario.series).countMatching(scenario.relabel.dropped) : 0
  const expected = scrapes * (scenario.series - dropped)
  let arrived = -1
  for (let unchangedMs = 0; unchangedMs < SETTLED_MS && arrived < expected; unchangedMs += RSS_EVERY_MS) {
    const { scraped } = await json<SinkStats>(`${stage.sinkUrl}/stats`)
    if (scraped !== arrived) unchangedMs = 0
    arrived = scraped
    await sleep(RSS_EVERY_MS)
  }
  await sleep(REPEAT_MS)
  return expected - (await json<SinkStats>(`${stage.sinkUrl}/stats`)).scraped
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
