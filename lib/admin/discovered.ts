import { labelValue } from '../relabel/labels.ts'
import { compileFilter, type TargetQuery } from './target-query.ts'
import { health } from './targets.ts'
import type { ActiveTarget, AgentView, DroppedTarget } from './view.ts'

/** What one job has discovered, and what became of it. */
export type DiscoveredJob = {
  readonly name: string
  readonly active: number
  /** Dropped ones included, whether or not they are remembered. */
  readonly all: number
  /** Dropped targets by reason. */
  readonly droppedCounts: ReadonlyMap<string, number>
  readonly shownActive: readonly ActiveTarget[]
  readonly shownDropped: readonly DroppedTarget[]
}

/**
 * The discovered targets by job. Labels are looked for before and after relabeling; a dropped target has no URL, so that
 * its address is looked at instead, and it is never healthy.
 *
 * @throws {BadRequest} a filter of the query is wrong
 */
export async function discoveredJobs(view: AgentView, query: TargetQuery): Promise<DiscoveredJob[]> {
  const passes = compileFilter(query)
  const active = Map.groupBy(await view.activeTargets(), target => target.scrapePool)
  const droppedCounts = view.droppedCounts()
  const dropped = Map.groupBy(view.droppedTargets(), target => target.scrapePool)
  const names = new Set([...active.keys(), ...droppedCounts.keys(), ...view.jobNames()])
  return [...names].sort().map(name => {
    const targets = active.get(name) ?? []
    const counts = Object.entries(droppedCounts.get(name) ?? {}).filter(([, count]) => count > 0)
    return {
      name,
      active: targets.length,
      all: counts.reduce((sum, [, count]) => sum + count, targets.length),
      droppedCounts: new Map(counts),
      shownActive: targets.filter(({ spec, status, discoveredLabels }) => {
        if (query.onlyUnhealthy && health(status) === 'up') return false
        return passes(
          spec.url,
          () => spec.labels,
          () => discoveredLabels.unpack(),
        )
      }),
      shownDropped: (dropped.get(name) ?? []).filter(({ discoveredLabels }) => {
        if (query.endpointSearch === '') return passes('', () => discoveredLabels.unpack())
        const labels = discoveredLabels.unpack()
        return passes(labelValue(labels, '__address__'), () => labels)
      }),
    }
  })
}
