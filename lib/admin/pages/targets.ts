import { type Html, type HtmlPart, html } from '../html.ts'
import { isFiltered, type TargetQuery } from '../target-query.ts'
import { bodySize, duration, health, type JobTargets, lastScrape } from '../targets.ts'
import type { ActiveTarget } from '../view.ts'
import { checkbox, filterForm, ROWS_MAX, rowsNote } from './filter.ts'
import { labelsHtml } from './labels.ts'
import { alert, layout, table } from './layout.ts'

export type TargetsPage = {
  readonly root: string
  readonly query: TargetQuery
  readonly jobs: readonly JobTargets[]
  /** Names of jobs without targets. */
  readonly emptyJobs: readonly string[]
  /** What is wrong with the query; nothing is shown then. */
  readonly error?: string
}

const HEAD = [
  ...['Endpoint', 'State', 'Labels', 'Scrapes', 'Failed', 'Last scrape', 'Duration', 'Size', 'Samples', 'Shard'],
  'Look at',
]

export function targetsPage({ root, query, jobs, emptyJobs, error }: TargetsPage, nowMs: number): Html {
  const shownJobs = isFiltered(query) ? jobs.filter(job => job.shown.length > 0) : jobs
  let rowsLeft = ROWS_MAX
  const blocks = shownJobs.map(job => {
    const shown = job.shown.slice(0, rowsLeft)
    rowsLeft -= shown.length
    return jobBlock(root, query, job, shown, nowMs)
  })
  const empty = emptyJobs.map(name => html`<p class="soft">${name}: no targets</p>`)
  const found = shownJobs.reduce((sum, job) => sum + job.shown.length, 0)
  const body = [
    filterForm(query, checkbox('show_original_labels', 'original labels', query.originalLabels)),
    alert(error),
    error === undefined && html`<p class="soft">${found} shown of ${sum(jobs)} targets, ${sumUp(jobs)} up.</p>`,
    rowsNote(found),
    blocks,
    !isFiltered(query) && empty,
  ]
  return layout({ root, path: 'targets' }, 'Targets', body)
}

function jobBlock(root: string, query: TargetQuery, job: JobTargets, shown: readonly ActiveTarget[], nowMs: number) {
  const rows = shown.map(target => row(root, query, target, nowMs))
  return html`<details class="job" open><summary><h2>${job.name} <span class="soft">(${job.up}/${job.all} up)</span></h2>
</summary>${table(HEAD, rows)}</details>
`
}

function row(root: string, query: TargetQuery, target: ActiveTarget, nowMs: number): Html {
  const { spec, status } = target
  const state = health(status)
  const error = status?.error ?? ''
  return html`<tr class="${state}">
<td class="wide"><a href="${spec.url}" rel="noreferrer">${spec.url}</a>${error !== '' && html`<p class="error">${error}</p>`}</td>
<td class="state">${state.toUpperCase()}</td>
<td class="wide">${labelsHtml(spec.labels)}${original(query, target)}</td>
<td class="number">${status?.scrapes ?? 0}</td><td class="number">${status?.scrapesFailed ?? 0}</td>
<td class="number">${lastScrape(target, nowMs)}</td><td class="number">${duration(target)}</td>
<td class="number">${status?.bodyBytes ? bodySize(target) : '-'}</td><td class="number">${status?.samples ?? 0}</td>
<td class="number">${target.shard}</td>
<td class="short"><a href="${root}target_response?id=${spec.id}">response</a>
<br><a href="${root}target-relabel-debug?id=${spec.id}">target rules</a>
<br><a href="${root}metric-relabel-debug?id=${spec.id}">metric rules</a></td>
</tr>
`
}

function original({ originalLabels }: TargetQuery, { discoveredLabels }: ActiveTarget): HtmlPart {
  if (discoveredLabels.names.length === 0) return undefined
  const labels = labelsHtml(discoveredLabels.unpack())
  if (originalLabels) return html`<p class="soft">from ${labels}</p>`
  return html`<details><summary class="soft">original labels</summary>${labels}</details>`
}

const sum = (jobs: readonly JobTargets[]) => jobs.reduce((count, job) => count + job.all, 0)
const sumUp = (jobs: readonly JobTargets[]) => jobs.reduce((count, job) => count + job.up, 0)
