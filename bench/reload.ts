/*
 * What a reload costs: one target is added to many, and then all are removed at once.
 *
 *   node bench/reload.ts [--targets 2000] [--series 100] [--interval 5]
 *
 * Prints how much CPU time the agent takes for the first beyond what it takes anyway, and by how much its memory rises
 * during the second. Fails if a target that stays is scraped anew or not at all, if a stale marker is missing or comes
 * twice, or if memory rises by more than half.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { ExporterStats } from './exporter.ts'
import { groupUsage, median } from './measure.ts'
import { announcedPort, type Child, freePort, Processes, until } from './processes.ts'
import type { SinkStats } from './sink.ts'
import { scrapeConfig } from './targets.ts'

/** Series that a scrape writes about itself. */
const AUTO_METRICS = 7
const TIMEOUT_MS = 120_000
const RSS_RISE_MAX = 0.5
const LOOK_EVERY_MS = 20

export type ReloadOptions = { readonly targets: number; readonly series: number; readonly intervalSeconds: number }

export type ReloadResult = {
  /** From the request to reload until the shards were told. */
  readonly addMs: number
  /** Of the agent in that time, beyond what it takes for as long anyway. */
  readonly addCpuMs: number
  /** Stencils that were made anew: that of the added target, and no other. */
  readonly addStencilMisses: number
  readonly removeMs: number
  readonly markers: number
  readonly markersExpected: number
  /** Median before the removal, and the most that was seen until the last marker had arrived. */
  readonly rssMiB: number
  readonly rssPeakMiB: number
}

/** Runs it once. @throws Error if a process does not start, or what is waited for does not happen */
export async function measureReload({ targets, series, intervalSeconds }: ReloadOptions): Promise<ReloadResult> {
  const processes = new Processes()
  try {
    const script = (name: string) => join(import.meta.dirname, name)
    const load = ['--series', String(series), '--gzip']
    const exporter = processes.start('exporter', process.execPath, [script('exporter.ts'), ...load])
    const sink = processes.start('sink', process.execPath, [script('sink.ts')])
    const port = await announcedPort(exporter)
    const sinkUrl = `http://127.0.0.1:${await announcedPort(sink)}`
    const agentUrl = `http://127.0.0.1:${await freePort()}`
    const configFile = join(processes.folder, 'scrape.yml')
    writeFileSync(configFile, scrapeConfig({ targets, port, intervalSeconds }))
    const agent = processes.start('penstock', script('../bin/penstock'), [
      `-promscrape.config=${configFile}`,
      `-remoteWrite.url=${sinkUrl}/api/v1/write`,
      `-remoteWrite.tmpDataPath=${join(processes.folder, 'queue')}`,
      `-httpListenAddr=${agentUrl.slice('http://'.length)}`,
    ])
    await scrapedBy(agent, `http://127.0.0.1:${port}`, 2 * targets)
    const reload = async (text: string) => {
      writeFileSync(configFile, text)
      assert.equal((await fetch(`${agentUrl}/-/reload`, { method: 'POST' })).status, 200)
    }
    const config = scrapeConfig({ targets: targets + 1, port, intervalSeconds })
    const added = await addOne({ agent, agentUrl, reload: () => reload(config) })
    await sleep(2 * intervalSeconds * 1000)
    const addStencilMisses = (await stencilMisses(agentUrl)) - added.missesBefore
    const expected = (targets + 1) * (series + AUTO_METRICS)
    const removed = await removeAll({ agent, sinkUrl, expected, reload: () => reload('scrape_configs: []\n') })
    return { ...added.result, addStencilMisses, ...removed, markersExpected: expected }
  } finally {
    await processes.close()
  }
}

async function addOne({ agent, agentUrl, reload }: { agent: Child; agentUrl: string; reload: () => Promise<void> }) {
  const missesBefore = await stencilMisses(agentUrl)
  const quietMs = 5000
  const cpuMs = () => groupUsage(agent.groupId).cpuSeconds * 1000
  const quietFromMs = cpuMs()
  await sleep(quietMs)
  const cpuFromMs = cpuMs()
  const startMs = performance.now()
  await reload()
  await until(
    agent,
    TIMEOUT_MS,
    async () => /: 1 added, 0 removed/.test(readFileSync(agent.logFile, 'utf8')) || undefined,
  )
  const addMs = performance.now() - startMs
  const usualMs = ((cpuFromMs - quietFromMs) / quietMs) * addMs
  return { missesBefore, result: { addMs, addCpuMs: cpuMs() - cpuFromMs - usualMs } }
}

type Removal = { agent: Child; sinkUrl: string; expected: number; reload: () => Promise<void> }

async function removeAll({ agent, sinkUrl, expected, reload }: Removal) {
  const rss = () => groupUsage(agent.groupId).rssMiB
  const before: number[] = []
  for (let look = 0; look < 50; look++) {
    before.push(rss())
    await sleep(LOOK_EVERY_MS)
  }
  const startMs = performance.now()
  let markers = 0
  let rssPeakMiB = 0
  const reloaded = reload()
  for (let looks = 0; markers < expected && performance.now() - startMs < TIMEOUT_MS; looks++) {
    rssPeakMiB = Math.max(rssPeakMiB, rss())
    if (looks % 10 === 0) markers = (await json<SinkStats>(`${sinkUrl}/stats`)).staleMarkers
    await sleep(LOOK_EVERY_MS)
  }
  const removeMs = performance.now() - startMs
  await reloaded
  // Time for what comes twice to come.
  await sleep(3000)
  markers = (await json<SinkStats>(`${sinkUrl}/stats`)).staleMarkers
  return { removeMs, markers, rssMiB: median(before), rssPeakMiB }
}

/** Waits until the exporter has answered so many scrapes. */
async function scrapedBy(agent: Child, exporterUrl: string, scrapes: number): Promise<void> {
  await until(agent, TIMEOUT_MS, async () => {
    const stats = await json<ExporterStats>(`${exporterUrl}/stats`)
    return stats.scrapes >= scrapes ? true : undefined
  })
}

async function stencilMisses(agentUrl: string): Promise<number> {
  const text = await (await fetch(`${agentUrl}/metrics`)).text()
  const values = [...text.matchAll(/^penstock_stencil_misses_total(?:\{.*\})? (\d+)$/gm)]
  assert(values.length > 0, 'the agent counts no stencils')
  return values.reduce((sum, [, value]) => sum + Number(value), 0)
}

async function json<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      targets: { type: 'string', default: '2000' },
      series: { type: 'string', default: '100' },
      interval: { type: 'string', default: '5' },
    },
  })
  const options = {
    targets: Number(values.targets),
    series: Number(values.series),
    intervalSeconds: Number(values.interval),
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  const result = await measureReload(options)
  const { rssMiB, rssPeakMiB } = result
  const rise = rssPeakMiB / rssMiB - 1
  const { addMs, addCpuMs, addStencilMisses, removeMs, markers, markersExpected } = result
  const rss = `RSS ${rssMiB.toFixed(1)} MiB, at most ${rssPeakMiB.toFixed(1)}: ${(100 * rise).toFixed(1)} % more`
  console.log(`${options.targets} targets x ${options.series} series`)
  console.log(`one more:  ${addMs.toFixed()} ms, ${addCpuMs.toFixed()} ms of CPU, ${addStencilMisses} new stencils`)
  console.log(`none left: ${removeMs.toFixed()} ms, ${markers} of ${markersExpected} stale markers, ${rss}`)
  assert.equal(result.addStencilMisses, 1)
  assert.equal(result.markers, result.markersExpected)
  assert(rise <= RSS_RISE_MAX)
}

if (import.meta.main) await main()
