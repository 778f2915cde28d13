import { labelsText } from './labels.ts'
import { isFiltered, type TargetQuery } from './target-query.ts'
import { bodySize, duration, health, type JobTargets, lastScrape } from './targets.ts'
import type { ActiveTarget } from './view.ts'

/**
 * Jobs and below each its targets, a line each, with fields as vmagent names them.
 *
 * @param emptyJobs names of jobs without targets; they are told unless the query hides something
 */
export function targetsText(
  jobs: readonly JobTargets[],
  emptyJobs: readonly string[],
  query: TargetQuery,
  nowMs: number,
): string {
  const shown = isFiltered(query) ? jobs.filter(job => job.shown.length > 0) : jobs
  const blocks = shown.map(job => {
    const lines = job.shown.map(target => targetLine(target, query.originalLabels, nowMs))
    return `job=${job.name} (${job.up}/${job.all} up)\n${lines.join('')}`
  })
  const empty = isFiltered(query) ? [] : emptyJobs.map(name => `job=${name} (0/0 up)\n`)
  return [...blocks, ...empty].join('')
}

function targetLine(target: ActiveTarget, originalLabels: boolean, nowMs: number): string {
  const { spec, status } = target
  const fields = [
    `state=${health(status)}`,
    `endpoint=${spec.url}`,
    `labels=${labelsText(spec.labels)}`,
    ...(originalLabels ? [`originalLabels=${labelsText(target.discoveredLabels.unpack())}`] : []),
    `scrapes_total=${status?.scrapes ?? 0}`,
    `scrapes_failed=${status?.scrapesFailed ?? 0}`,
    `last_scrape=${lastScrape(target, nowMs)}`,
    `scrape_duration=${duration(target)}`,
    `scrape_response_size=${bodySize(target)}`,
    `samples_scraped=${status?.samples ?? 0}`,
    `shard=${target.shard}`,
    `error=${(status?.error ?? '').replaceAll('\n', ' ')}`,
  ]
  return `\t${fields.join(', ')}\n`
}
