import { type AdminAnswer, type AdminRequest, json, page, text } from '../answer.ts'
import { BadRequest } from '../bad-request.ts'
import { discoveredJobs } from '../discovered.ts'
import { discoveryPage } from '../pages/discovery.ts'
import { targetsPage } from '../pages/targets.ts'
import { compileFilter, readTargetQuery } from '../target-query.ts'
import { targetResponse } from '../target-response.ts'
import { groupByJob, health, type JobTargets } from '../targets.ts'
import { targetsAnswer } from '../targets-api.ts'
import { targetsText } from '../targets-text.ts'
import type { AgentView } from '../view.ts'
import { type AdminContext, type Route, withAlias } from './route.ts'

/** The targets: how they are, what they were discovered as, what they answer. */
export const TARGET_ROUTES: readonly Route[] = [
  { paths: withAlias('/targets'), access: 'basic', answer: targets },
  { paths: withAlias('/service-discovery'), access: 'basic', answer: discovery },
  {
    paths: withAlias('/api/v1/targets'),
    access: 'basic',
    answer: async ({ view }, { args }) =>
      json(await targetsAnswer(view, { state: args.state || 'any', scrapePool: args.scrapePool ?? '' })),
  },
  {
    paths: withAlias('/target_response'),
    access: 'basic',
    answer: ({ view }, { args }) => targetResponse(view, args.id ?? ''),
  },
]

/** Text, or a page for who asks for one. A wrong filter is told on the page, so that it can be corrected there. */
async function targets({ view }: AdminContext, { args, accept, root }: AdminRequest): Promise<AdminAnswer> {
  const query = readTargetQuery(args)
  const isPage = accept.includes('text/html')
  try {
    const jobs = await shownJobs(view, args)
    const emptyJobs = jobsWithoutTargets(view, jobs)
    if (!isPage) return text(targetsText(jobs, emptyJobs, query, Date.now()))
    return page(targetsPage({ root, query, jobs, emptyJobs }, Date.now()))
  } catch (error) {
    if (!(error instanceof BadRequest) || !isPage) throw error
    const wrong = { root, query, jobs: [], emptyJobs: [], error: error.message }
    return page(targetsPage(wrong, Date.now()), 400)
  }
}

/** @throws {BadRequest} */
async function shownJobs(view: AgentView, args: AdminRequest['args']): Promise<JobTargets[]> {
  const query = readTargetQuery(args)
  const passes = compileFilter(query)
  return groupByJob(await view.activeTargets(), ({ spec, status }) => {
    return passes(spec.url, () => spec.labels) && !(query.onlyUnhealthy && health(status) === 'up')
  })
}

function jobsWithoutTargets(view: AgentView, jobs: readonly JobTargets[]): string[] {
  const names = new Set(jobs.map(job => job.name))
  return view.jobNames().filter(name => !names.has(name))
}

async function discovery({ view }: AdminContext, { args, root }: AdminRequest): Promise<AdminAnswer> {
  const query = readTargetQuery(args)
  const { keepsOriginalLabels } = view
  try {
    return page(discoveryPage({ root, query, jobs: await discoveredJobs(view, query), keepsOriginalLabels }))
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error
    return page(discoveryPage({ root, query, jobs: [], keepsOriginalLabels, error: error.message }), 400)
  }
}
