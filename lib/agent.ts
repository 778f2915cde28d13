import { startHeapWatch } from '../shared/heap.ts'
import { AdminServer } from './admin/server.ts'
import type { AgentView, ReloadResult } from './admin/view.ts'
import { LiveView } from './agent-view.ts'
import { toAdminOptions } from './cli/admin-options.ts'
import { memoryBudget, toDestinations, toWriterOptions } from './cli/destinations.ts'
import type { Flags } from './cli/flags.ts'
import { toScrapeOptions } from './cli/scrape-options.ts'
import { toShardOptions } from './cli/shard-options.ts'
import type { Configuration } from './control/configuration.ts'
import { openDataPath } from './control/data-path.ts'
import type { Logger } from './control/log.ts'
import { relabelRulesOf } from './control/relabel-config.ts'
import { Reloader } from './control/reload.ts'
import { Supervisor } from './control/supervise.ts'
import { TargetFeed } from './control/target-feed.ts'
import type { WorkerFailed } from './control/thread.ts'

/** What scrapes in flight get when their shard stops; those that take longer are given up. */
const SHARD_STOP_GRACE_MS = 2000

/** What the writer gets to deliver what is queued when the agent stops: the same as in vmagent. */
const WRITER_STOP_GRACE_MS = 5000

export type AgentOptions = {
  readonly flags: Flags
  readonly env: Readonly<Record<string, string | undefined>>
  /** What was read at the start. */
  readonly configuration: Configuration
  readonly logger: Logger
}

/** A running agent. */
export type Agent = {
  /** What the HTTP server sees. The counters can be read after `stop`, too. */
  readonly view: AgentView
  /** Ports of the HTTP server in the order of `-httpListenAddr`; none without it. */
  readonly httpPorts: readonly number[]
  /** Resolves when a thread has failed: the agent does not do all of its work any more and is to be stopped. */
  readonly failed: Promise<WorkerFailed>
  /** As `AgentView.reload`. */
  readonly reload: () => Promise<ReloadResult>
  /** Stops everything; what was scraped is delivered if the destinations take it within a few seconds. Once only. */
  readonly stop: () => Promise<void>
}

/**
 * Starts everything against the way of the data, so that each part finds the next one at work: the data path, the
 * writer and the shards, the targets, and at last the HTTP server, which looks on and takes pushes. Stops in the
 * reverse order.
 *
 * @throws {PenstockError} a part cannot start; those before it are stopped again
 */
export async function startAgent({ flags, env, configuration, logger }: AgentOptions): Promise<Agent> {
  const log = logger.at('penstock/agent')
  const destinations = toDestinations(flags)
  const scrapeOptions = toScrapeOptions(flags, env)
  const shardOptions = toShardOptions(flags, relabelRulesOf(configuration.relabel?.current))
  const adminOptions = toAdminOptions(flags)
  await using started = new AsyncDisposableStack()
  started.defer(startHeapWatch())

  const dataPath = openDataPath(flags.string('remoteWrite.tmpDataPath'))
  started.defer(() => dataPath.close())

  const failure = Promise.withResolvers<WorkerFailed>()
  const supervisor = await Supervisor.start({
    shardCount: flags.int('shards'),
    shardOptions,
    destinations,
    writerOptions: toWriterOptions(flags),
    logger,
    onFailure: failure.resolve,
  })
  started.defer(() => supervisor.stopWriter(WRITER_STOP_GRACE_MS))
  started.defer(() => supervisor.stopShards(SHARD_STOP_GRACE_MS))

  const feed = new TargetFeed(scrapeOptions, supervisor, log)
  started.defer(() => feed.close())
  feed.start(configuration.scrape?.current.config ?? { jobs: [] })

  const reloader = new Reloader({
    configuration,
    checkIntervalMs: flags.durationMs('promscrape.configCheckInterval'),
    onScrapeConfig: config => feed.replaceConfig(config),
    onRelabelConfig: config => {
      const { compatibleNaming, remoteLabels } = shardOptions
      supervisor.relabel({ ...relabelRulesOf(config), compatibleNaming, remoteLabels })
    },
    log,
  })
  started.defer(() => reloader.close())

  const reload = () => reloader.reload()
  const memoryAllowedBytes = memoryBudget(flags)
  const view = new LiveView({ flags, memoryAllowedBytes, destinations, configuration, supervisor, feed, reload })
  let httpPorts: readonly number[] = []
  if (adminOptions !== undefined) {
    const server = await AdminServer.open(adminOptions, view, supervisor.pushes, logger)
    started.defer(() => server.close())
    httpPorts = server.ports
  }
  const running = started.move()
  return { view, httpPorts, failed: failure.promise, reload, stop: () => running.disposeAsync() }
}
