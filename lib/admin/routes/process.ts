import { type AdminAnswer, page, text } from '../answer.ts'
import { flagsText } from '../flags-text.ts'
import { indexPage } from '../pages/index.ts'
import type { AgentView } from '../view.ts'
import { type Route, withAlias } from './route.ts'

/** The process itself. Answers of `/health` and others are as vmagent gives them: probes and scripts compare them. */
export const PROCESS_ROUTES: readonly Route[] = [
  {
    paths: ['/'],
    access: 'basic',
    method: 'GET',
    answer: ({ view }, { root }) => page(indexPage(root, view.version.version)),
  },
  {
    paths: ['/health'],
    access: 'open',
    exact: true,
    answer: ({ closing }) => (closing() ? text('The server is about to stop', 503) : text('OK')),
  },
  { paths: ['/-/healthy'], access: 'open', exact: true, answer: () => text('VictoriaMetrics is Healthy.\n') },
  {
    paths: ['/-/ready'],
    access: 'open',
    exact: true,
    answer: ({ view }) => ready(view, 'VictoriaMetrics is Ready.\n'),
  },
  { paths: ['/ready'], access: 'basic', answer: ({ view }) => ready(view, 'OK') },
  { paths: ['/robots.txt'], access: 'open', exact: true, answer: () => text('User-agent: *\nDisallow: /\n') },
  {
    paths: ['/metrics'],
    access: 'metrics',
    exact: true,
    answer: async ({ metricsText }) => text(await metricsText()),
  },
  { paths: ['/flags'], access: 'flags', exact: true, answer: ({ view }) => text(flagsText(view.flags())) },
  { paths: withAlias('/-/reload'), access: 'reload', answer: ({ view }) => reload(view) },
]

/** vmagent answers `/-/ready` with 200 always; here it tells the same as `/ready`. */
function ready(view: AgentView, yes: string): AdminAnswer {
  const left = view.jobsNotReady()
  return left === 0 ? text(yes) : text(`waiting for scrapes to init, left: ${left}`, 425)
}

/** vmagent answers before it has read the file and so cannot tell; here 500 says why nothing changed. */
async function reload(view: AgentView): Promise<AdminAnswer> {
  const result = await view.reload()
  return result.ok ? text('') : text(`${result.message}\n`, 500)
}
