import type { Logger } from '../control/log.ts'
import { type MetricFamily, renderExposition } from './exposition.ts'
import { appFamilies, droppedFamily, heartbeatFamily, targetFamilies } from './metrics/app.ts'
import { discoveryFamilies } from './metrics/discovery.ts'
import { memoryFamilies } from './metrics/memory.ts'
import { processFamilies, readNodeFacts } from './metrics/process.ts'
import { protocolFamilies } from './metrics/protocols.ts'
import { remoteWriteFamilies } from './metrics/remote-write.ts'
import { shardFamilies } from './metrics/shards.ts'
import { readProcessFacts } from './procfs.ts'
import type { AgentView, TargetCount } from './view.ts'

/** Where `/metrics` looks; nothing is kept between two looks. */
export type MetricSources = {
  readonly view: AgentView
  readonly logger: Logger
  /** Families of the HTTP server itself. */
  readonly httpFamilies: () => readonly MetricFamily[]
}

const SCOPE = 'penstock/admin'

/** The text of `/metrics`. What cannot be learned now is left out; the rest is there all the same. */
export async function renderMetrics(sources: MetricSources, metadata: boolean): Promise<string> {
  return renderExposition(await collectMetrics(sources), metadata)
}

/** All families, sorted by name. */
export async function collectMetrics({ view, logger, httpFamilies }: MetricSources): Promise<MetricFamily[]> {
  const targetCounts = await tryTargetCounts(view, logger)
  const nowMs = Date.now()
  const node = readNodeFacts()
  const facts = readProcessFacts()
  const { heapTotal, external } = process.memoryUsage()
  const main = {
    residentBytes: node.residentBytes,
    fileBytes: facts.status?.residentFileBytes ?? 0,
    heapBytes: heapTotal,
    externalBytes: external,
    originalLabelsBytes: view.originalLabelsBytes(),
  }
  const shards = view.shards()
  const writer = view.writer()
  return [
    ...processFamilies(node, facts, view.startedAtMs),
    ...memoryFamilies(main, shards, writer),
    ...appFamilies(view, logger.counts(), nowMs),
    ...targetFamilies(targetCounts),
    ...discoveryFamilies(view.discoveryStats()),
    droppedFamily(view.droppedCounts()),
    ...shardFamilies(shards),
    ...protocolFamilies(shards),
    ...remoteWriteFamilies(writer),
    heartbeatFamily(shards, writer, nowMs),
    ...httpFamilies(),
  ].sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function tryTargetCounts(view: AgentView, logger: Logger): Promise<readonly TargetCount[]> {
  try {
    return await view.targetCounts()
  } catch (error) {
    logger.warn(SCOPE, `/metrics lacks the counts of targets: ${error instanceof Error ? error.message : error}`)
    return []
  }
}
