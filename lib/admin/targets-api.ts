import { labelObject } from './labels.ts'
import { health } from './targets.ts'
import type { ActiveTarget, AgentView, DroppedTarget } from './view.ts'

/** Query arguments of `/api/v1/targets`. */
export type TargetsQuery = {
  /** `active`, `dropped`, or `any` (the default); anything else matches nothing. */
  readonly state: string
  /** Job name; empty for all. Dropped targets are not filtered by it. */
  readonly scrapePool: string
}

/** The answer to `/api/v1/targets`: Prometheus's shape with the fields that vmagent has. */
export async function targetsAnswer(view: AgentView, { state, scrapePool }: TargetsQuery): Promise<object> {
  const wantsActive = state === 'active' || state === 'any'
  const wantsDropped = state === 'dropped' || state === 'any'
  const active = wantsActive ? await view.activeTargets() : []
  const dropped = wantsDropped ? view.droppedTargets() : []
  return {
    status: 'success',
    data: {
      activeTargets: active.filter(target => scrapePool === '' || target.scrapePool === scrapePool).map(activeEntry),
      droppedTargets: dropped.map(droppedEntry),
    },
  }
}

function activeEntry({ spec, scrapePool, discoveredLabels, status }: ActiveTarget): object {
  return {
    discoveredLabels: labelObject(discoveredLabels.unpack()),
    labels: labelObject(spec.labels),
    scrapePool,
    scrapeUrl: spec.url,
    lastError: status?.error ?? '',
    lastScrape: new Date(status?.lastScrapeMs ?? 0).toISOString(),
    lastScrapeDuration: (status?.lastDurationMs ?? 0) / 1000,
    lastSamplesScraped: status?.samples ?? 0,
    health: health(status),
  }
}

function droppedEntry({ discoveredLabels }: DroppedTarget): object {
  return { discoveredLabels: labelObject(discoveredLabels.unpack()) }
}
