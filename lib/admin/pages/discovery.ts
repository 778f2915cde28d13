import type { ClusterMember } from '../../control/cluster.ts'
import { droppedTargetId } from '../../control/dropped-id.ts'
import type { DiscoveredJob } from '../discovered.ts'
import { type Html, type HtmlPart, html } from '../html.ts'
import { isFiltered, type TargetQuery } from '../target-query.ts'
import { health } from '../targets.ts'
import type { ActiveTarget, DroppedTarget } from '../view.ts'
import { filterForm, ROWS_MAX, rowsNote } from './filter.ts'
import { labelsHtml } from './labels.ts'
import { alert, layout, note, table } from './layout.ts'

export type DiscoveryPage = {
  readonly root: string
  readonly query: TargetQuery
  readonly jobs: readonly DiscoveredJob[]
  readonly keepsOriginalLabels: boolean
  /** What is wrong with the query; nothing is shown then. */
  readonly error?: string
}

const HEAD = ['State', 'Discovered labels', 'Labels of the target', 'Look at']
const NO_LABELS = html`The labels that targets were discovered with are not kept: -promscrape.dropOriginalLabels is set.`

/** Labels before and after relabeling, and dropped targets with the reason. */
export function discoveryPage({ root, query, jobs, keepsOriginalLabels, error }: DiscoveryPage): Html {
  const shownJobs = isFiltered(query) ? jobs.filter(job => shownIn(job) > 0) : jobs
  let rowsLeft = ROWS_MAX
  const blocks = shownJobs.map(job => {
    const active = job.shownActive.slice(0, rowsLeft)
    const dropped = job.shownDropped.slice(0, rowsLeft - active.length)
    rowsLeft -= active.length + dropped.length
    return jobBlock(job, [
      ...active.map(target => activeRow(root, target)),
      ...dropped.map(target => droppedRow(root, target)),
    ])
  })
  const found = shownJobs.reduce((count, job) => count + shownIn(job), 0)
  const body = [filterForm(query), alert(error), !keepsOriginalLabels && note(NO_LABELS), rowsNote(found), blocks]
  return layout({ root, path: 'service-discovery' }, 'Discovered targets', body)
}

function shownIn({ shownActive, shownDropped }: DiscoveredJob): number {
  return shownActive.length + shownDropped.length
}

function jobBlock(job: DiscoveredJob, rows: readonly Html[]): Html {
  const reasons = [...job.droppedCounts].map(([reason, count]) => `; ${count} dropped: ${reason}`)
  const counts = html`<span class="soft">(${job.active}/${job.all} active${reasons})</span>`
  const targets = rows.length > 0 && table(HEAD, rows)
  return html`<details class="job" open><summary><h2>${job.name} ${counts}</h2></summary>${targets}</details>
`
}

function activeRow(root: string, { spec, status, discoveredLabels }: ActiveTarget): Html {
  const state = health(status)
  return html`<tr class="${state}"><td class="state">${state.toUpperCase()}</td>
<td>${labelsHtml(discoveredLabels.unpack())}</td><td>${labelsHtml(spec.labels)}</td>
<td class="short"><a href="${root}target-relabel-debug?id=${spec.id}">target rules</a></td></tr>
`
}

function droppedRow(root: string, target: DroppedTarget): Html {
  return html`<tr class="dropped"><td class="state">DROPPED (${target.reason})</td>
<td>${labelsHtml(target.discoveredLabels.unpack())}</td><td>${scrapedBy(target.members ?? [])}</td>
<td class="short"><a href="${root}target-relabel-debug?id=${droppedTargetId(target)}">target rules</a></td></tr>
`
}

/** The members of the cluster that scrape a target. */
function scrapedBy(members: readonly ClusterMember[]): HtmlPart {
  if (members.length === 0) return undefined
  const links = members.map(({ number, url }, index) => {
    const name = `member ${number}`
    return html`${index > 0 && ', '}${url === '' ? name : html`<a href="${url}">${name}</a>`}`
  })
  return html`scraped by ${links}`
}
