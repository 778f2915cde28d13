import type { Access } from './access.ts'
import { discoveryPage, flagsText, indexPage, targetsPage, targetsText } from './pages.ts'
import { targetsAnswer } from './targets-api.ts'
import type { AgentView } from './view.ts'

/** A request, as far as the routes look at it. */
export type AdminRequest = {
  /** Query arguments, and those of a form over them; the first of several values. */
  readonly args: Readonly<Record<string, string>>
  readonly accept: string
}

export type AdminAnswer = { readonly status: number; readonly type: string; readonly body: string }

export type AdminContext = {
  readonly view: AgentView
  readonly metricsText: () => Promise<string>
  /** True while the server waits before it closes (`-http.shutdownDelay`). */
  readonly closing: () => boolean
}

export type Route = {
  /** The first is counted, the others are aliases. */
  readonly paths: readonly [string, ...string[]]
  readonly access: Access
  /** Any method unless it says `GET`. */
  readonly method?: 'GET'
  readonly answer: (context: AdminContext, request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>
}

const TEXT = 'text/plain; charset=utf-8'
const HTML = 'text/html; charset=utf-8'

/** Answers of `/health` and others are as vmagent gives them: probes and scripts compare them. */
export const ROUTES: readonly Route[] = [
  {
    paths: ['/'],
    access: 'basic',
    method: 'GET',
    answer: ({ view }) => html(indexPage(view.version.version)),
  },
  {
    paths: ['/health'],
    access: 'open',
    answer: ({ closing }) => (closing() ? text('The server is about to stop', 503) : text('OK')),
  },
  { paths: ['/-/healthy'], access: 'open', answer: () => text('VictoriaMetrics is Healthy.\n') },
  { paths: ['/-/ready'], access: 'open', answer: ({ view }) => ready(view, 'VictoriaMetrics is Ready.\n') },
  { paths: ['/ready'], access: 'basic', answer: ({ view }) => ready(view, 'OK') },
  { paths: ['/robots.txt'], access: 'open', answer: () => text('User-agent: *\nDisallow: /\n') },
  { paths: ['/metrics'], access: 'metrics', answer: async ({ metricsText }) => text(await metricsText()) },
  { paths: ['/flags'], access: 'flags', answer: ({ view }) => text(flagsText(view.flags())) },
  { paths: ['/-/reload', '/prometheus/-/reload'], access: 'reload', answer: ({ view }) => reload(view) },
  { paths: ['/config', '/prometheus/config'], access: 'config', answer: ({ view }) => text(view.configText()) },
  {
    paths: ['/api/v1/status/config', '/prometheus/api/v1/status/config'],
    access: 'config',
    answer: ({ view }) => yamlJson(view.configText()),
  },
  { paths: ['/remotewrite-relabel-config'], access: 'config', answer: ({ view }) => text(view.relabelConfigText()) },
  {
    paths: ['/api/v1/status/remotewrite-relabel-config'],
    access: 'config',
    answer: ({ view }) => yamlJson(view.relabelConfigText()),
  },
  { paths: ['/targets', '/prometheus/targets'], access: 'basic', answer: targets },
  {
    paths: ['/service-discovery', '/prometheus/service-discovery'],
    access: 'basic',
    answer: async ({ view }) => html(discoveryPage(await view.activeTargets(), view.droppedTargets())),
  },
  {
    paths: ['/api/v1/targets', '/prometheus/api/v1/targets'],
    access: 'basic',
    answer: async ({ view }, { args }) =>
      json(await targetsAnswer(view, { state: args.state || 'any', scrapePool: args.scrapePool ?? '' })),
  },
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

async function targets({ view }: AdminContext, { args, accept }: AdminRequest): Promise<AdminAnswer> {
  const query = { onlyUnhealthy: isTrue(args.show_only_unhealthy), originalLabels: isTrue(args.show_original_labels) }
  const active = await view.activeTargets()
  return accept.includes('text/html')
    ? html(targetsPage(active, query, Date.now()))
    : text(targetsText(active, query, Date.now()))
}

function isTrue(arg: string | undefined): boolean {
  return arg === '1' || arg?.toLowerCase() === 'true'
}

function text(body: string, status = 200): AdminAnswer {
  return { status, type: TEXT, body }
}

function html(body: string): AdminAnswer {
  return { status: 200, type: HTML, body }
}

function json(body: object): AdminAnswer {
  return { status: 200, type: 'application/json', body: JSON.stringify(body) }
}

function yamlJson(yaml: string): AdminAnswer {
  return json({ status: 'success', data: { yaml } })
}
