import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Agent, startAgent } from '../agent.ts'
import { parseCommandLine } from '../cli/command-line.ts'
import { toScrapeOptions } from '../cli/scrape-options.ts'
import { Configuration } from '../control/configuration.ts'
import type { Logger } from '../control/log.ts'
import { Exporter } from './exporters.ts'
import { Receiver } from './receiver.ts'
import { createWorkloads, SHOWN_METRICS } from './workloads.ts'

const SHARDS = 2

/** Exporters, an agent that scrapes them, and a receiver that it writes to, all in this process. */
export type Scene = AsyncDisposable & {
  /** The caller stops it, before it disposes of the scene. */
  readonly agent: Agent
  readonly receiver: Receiver
}

/**
 * Sets the scene on loopback ports, with a directory of its own among the temporary ones.
 *
 * @throws {PenstockError} a part cannot start; nothing is left then
 */
export async function setScene(logger: Logger): Promise<Scene> {
  await using started = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'penstock-demo-'))
  started.defer(() => rm(directory, { recursive: true, force: true }))
  const receiver = await Receiver.start(SHOWN_METRICS)
  started.defer(() => receiver.close())
  const exporters: Exporter[] = []
  for (const workload of createWorkloads()) {
    const exporter = await Exporter.start(workload)
    started.defer(() => exporter.close())
    exporters.push(exporter)
  }
  const scrapePath = join(directory, 'scrape.yml')
  await writeFile(scrapePath, scrapeConfig(exporters))
  const agent = await startDemoAgent(scrapePath, join(directory, 'data'), receiver, logger)
  const running = started.move()
  return { agent, receiver, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

/** As a user would start it, by flags and a file. */
async function startDemoAgent(
  scrapePath: string,
  dataPath: string,
  receiver: Receiver,
  logger: Logger,
): Promise<Agent> {
  const env = {} // that of the user has nothing to say here
  const command = parseCommandLine(
    [
      `-promscrape.config=${scrapePath}`,
      `-remoteWrite.url=${receiver.url}`,
      `-remoteWrite.tmpDataPath=${dataPath}`,
      '-remoteWrite.forcePromProto=true',
      '-httpListenAddr=127.0.0.1:0',
      `-shards=${SHARDS}`,
    ],
    env,
  )
  assert(command.type === 'run')
  const { flags } = command
  const sources = { scrapePath, scrapeOptions: toScrapeOptions(flags, env), relabelPath: '', relabelViews: [] }
  const configuration = await Configuration.load(sources, logger.at('penstock/demo'))
  return startAgent({ flags, env, configuration, logger })
}

function scrapeConfig(exporters: readonly Exporter[]): string {
  const jobs = exporters.map(
    ({ job, address }) => `
  - job_name: ${job}
    static_configs:
      - targets: ['${address}']
        labels:
          instance: ${job}-0
`,
  )
  return `global:
  scrape_interval: 1s
  external_labels:
    site: demo
scrape_configs:${jobs.join('')}`
}
