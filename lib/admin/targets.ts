import type { ActiveTarget } from './view.ts'

/** The targets of one job, and how many of all that it has are up. */
export type JobTargets = {
  readonly name: string
  readonly up: number
  readonly all: number
  /** Those to be shown. */
  readonly shown: readonly ActiveTarget[]
}

/** A target is unknown until its first scrape has ended. */
export function health(status: ActiveTarget['status']): 'up' | 'down' | 'unknown' {
  if (!status || status.scrapes === 0) return 'unknown'
  return status.up ? 'up' : 'down'
}

/** @param targets of one job after the other */
export function groupByJob(targets: readonly ActiveTarget[], isShown: (target: ActiveTarget) => boolean): JobTargets[] {
  return [...Map.groupBy(targets, target => target.scrapePool)].map(([name, members]) => ({
    name,
    up: members.filter(({ status }) => health(status) === 'up').length,
    all: members.length,
    shown: members.filter(isShown),
  }))
}

/** How long ago the last scrape of a target began. */
export function lastScrape({ status }: ActiveTarget, nowMs: number): string {
  if (!status || status.scrapes === 0) return 'never scraped'
  return `${((nowMs - status.lastScrapeMs) / 1000).toFixed(3)}s ago`
}

/** Size of the last body that could be scraped, rounded up. */
export function bodySize({ status }: ActiveTarget): string {
  const sizeBytes = status?.bodyBytes ?? 0
  if (sizeBytes === 0) return 'never scraped'
  return sizeBytes < 1024 ? `${sizeBytes}B` : `${Math.ceil(sizeBytes / 1024)}KiB`
}

export function duration({ status }: ActiveTarget): string {
  return `${Math.round(status?.lastDurationMs ?? 0)}ms`
}
