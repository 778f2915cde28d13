import type { Html } from './html.ts'

/** A request, as far as the routes look at it. */
export type AdminRequest = {
  /** Query arguments, and those of a form over them; the first of several values. */
  readonly args: Readonly<Record<string, string>>
  readonly accept: string
  /** Leads from the path that was asked for to that of the index page: `./`, or `../` below `/prometheus/`. */
  readonly root: string
}

export type AdminAnswer = {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
}

const TEXT = 'text/plain; charset=utf-8'

export function text(body: string | Uint8Array, status = 200): AdminAnswer {
  return { status, type: TEXT, body }
}

export function page(body: Html, status = 200): AdminAnswer {
  return { status, type: 'text/html; charset=utf-8', body: body.text }
}

export function json(body: object): AdminAnswer {
  return { status: 200, type: 'application/json', body: JSON.stringify(body) }
}

/** A configuration as JSON, as Prometheus tells it. */
export function yamlJson(yaml: string): AdminAnswer {
  return json({ status: 'success', data: { yaml } })
}

/** Booleans of the query, as Go reads them. */
export function isTrue(arg: string | undefined): boolean {
  return arg !== undefined && /^(?:1|t|T|TRUE|true|True)$/.test(arg)
}
