import type { Label } from '../../shared/target.ts'
import { escapeLabelValue } from './exposition.ts'
import { health } from './targets-api.ts'
import type { ActiveTarget, DroppedTarget, FlagView } from './view.ts'

/** Query arguments of `/targets`. */
export type TargetsPageQuery = { readonly onlyUnhealthy: boolean; readonly originalLabels: boolean }

type Job = { readonly name: string; readonly up: number; readonly targets: readonly ActiveTarget[] }

/** Links of the index page, relative so that they hold below `-http.pathPrefix`. */
const INDEX_LINKS = [
  ['targets', 'state of the targets that are scraped'],
  ['service-discovery', 'labels of discovered targets before and after relabeling'],
  ['api/v1/targets', 'the same as JSON'],
  ['config', 'contents of -promscrape.config'],
  ['remotewrite-relabel-config', 'contents of -remoteWrite.relabelConfig'],
  ['metrics', 'metrics of the agent itself'],
  ['flags', 'command line flags'],
  ['ready', 'whether every job has discovered its targets'],
] as const

const STYLE =
  'body{font:14px sans-serif;margin:1em 2em}table{border-collapse:collapse}td,th{border:1px solid #ccc;' +
  'padding:3px 8px;text-align:left;vertical-align:top}.down{background:#fdd}.unknown{background:#ffd}'

export function indexPage(version: string): string {
  const links = INDEX_LINKS.map(([path, about]) => `<li><a href="${path}">${path}</a> - ${about}</li>`)
  return page('Penstock', `<p>${escapeHtml(version)}</p><ul>${links.join('')}</ul>`)
}

/** One line for each flag that was set: `-name="value"`. */
export function flagsText(flags: readonly FlagView[]): string {
  return flags
    .filter(({ isSet }) => isSet)
    .map(({ name, value }) => `-${name}=${JSON.stringify(value)}\n`)
    .join('')
}

/** Jobs and below each its targets, a line each, fields as vmagent names them. */
export function targetsText(targets: readonly ActiveTarget[], query: TargetsPageQuery, nowMs: number): string {
  return groupByJob(targets)
    .map(job => `job=${job.name} (${job.up}/${job.targets.length} up)\n${jobLines(job, query, nowMs)}`)
    .join('')
}

function jobLines(job: Job, query: TargetsPageQuery, nowMs: number): string {
  return shown(job, query)
    .map(target => {
      const fields = [
        `state=${health(target.status)}`,
        `endpoint=${target.spec.url}`,
        `labels=${labelsText(target.spec.labels)}`,
        ...(query.originalLabels ? [`originalLabels=${labelsText(target.discoveredLabels)}`] : []),
        `scrapes_total=${target.status?.scrapes ?? 0}`,
        `last_scrape=${lastScrape(target, nowMs)}`,
        `scrape_duration=${Math.round(target.status?.lastDurationMs ?? 0)}ms`,
        `samples_scraped=${target.status?.samples ?? 0}`,
        `shard=${target.shard}`,
        `error=${(target.status?.error ?? '').replaceAll('\n', ' ')}`,
      ]
      return `\t${fields.join(', ')}\n`
    })
    .join('')
}

/** The same as a page. */
export function targetsPage(targets: readonly ActiveTarget[], query: TargetsPageQuery, nowMs: number): string {
  const jobs = groupByJob(targets).map(job => {
    const rows = shown(job, query).map(target => {
      const state = health(target.status)
      const labels = query.originalLabels ? [target.spec.labels, target.discoveredLabels] : [target.spec.labels]
      const cells = [
        target.spec.url,
        state,
        labels.map(labelsText).join(' from '),
        String(target.status?.scrapes ?? 0),
        lastScrape(target, nowMs),
        `${Math.round(target.status?.lastDurationMs ?? 0)} ms`,
        String(target.status?.samples ?? 0),
        String(target.shard),
        target.status?.error ?? '',
      ]
      return row(cells, state)
    })
    const head = ['Endpoint', 'State', 'Labels', 'Scrapes', 'Last scrape', 'Duration', 'Samples', 'Shard', 'Error']
    return `<h2>${escapeHtml(job.name)} (${job.up}/${job.targets.length} up)</h2>${table(head, rows)}`
  })
  const links = '<p><a href="targets">all</a> | <a href="targets?show_only_unhealthy=true">unhealthy</a></p>'
  return page('Active targets', links + jobs.join(''))
}

/** Labels before and after relabeling, dropped targets with the reason. */
export function discoveryPage(active: readonly ActiveTarget[], dropped: readonly DroppedTarget[]): string {
  const rows = [
    ...active.map(({ scrapePool, discoveredLabels, spec, status }) =>
      row([scrapePool, labelsText(discoveredLabels), labelsText(spec.labels), spec.url], health(status)),
    ),
    ...dropped.map(({ scrapePool, discoveredLabels, reason }) =>
      row([scrapePool, labelsText(discoveredLabels), '', `dropped: ${reason}`], 'unknown'),
    ),
  ]
  return page('Discovered targets', table(['Job', 'Discovered labels', 'Labels', 'Endpoint'], rows))
}

function groupByJob(targets: readonly ActiveTarget[]): Job[] {
  const groups = Map.groupBy(targets, target => target.scrapePool)
  return [...groups].map(([name, members]) => ({
    name,
    up: members.filter(({ status }) => health(status) === 'up').length,
    targets: members,
  }))
}

function shown({ targets }: Job, { onlyUnhealthy }: TargetsPageQuery): readonly ActiveTarget[] {
  return onlyUnhealthy ? targets.filter(({ status }) => health(status) !== 'up') : targets
}

function lastScrape({ status }: ActiveTarget, nowMs: number): string {
  if (!status || status.scrapes === 0) return 'never'
  return `${((nowMs - status.lastScrapeMs) / 1000).toFixed(3)}s ago`
}

function labelsText(labels: readonly Label[]): string {
  return `{${labels.map(({ name, value }) => `${name}="${escapeLabelValue(value)}"`).join(',')}}`
}

function page(title: string, body: string): string {
  const head = `<head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head>`
  return `<!DOCTYPE html><html lang="en">${head}<body><h1>${title}</h1>${body}</body></html>`
}

function table(head: readonly string[], rows: readonly string[]): string {
  return `<table><tr>${head.map(cell => `<th>${cell}</th>`).join('')}</tr>${rows.join('')}</table>`
}

function row(cells: readonly string[], className: string): string {
  return `<tr class="${className}">${cells.map(cell => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
