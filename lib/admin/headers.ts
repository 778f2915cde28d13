import { PAGE_POLICY } from './pages/layout.ts'

/** The flags `-http.header.*`; '' leaves a header away. */
export type HeaderOptions = {
  readonly headers: {
    /** `Strict-Transport-Security` */
    readonly hsts: string
    /** `X-Frame-Options` */
    readonly frameOptions: string
    /** `Content-Security-Policy` */
    readonly csp: string
    /** False leaves away `X-Server-Hostname`. */
    readonly serverHostname: boolean
  }
}

type Headers = Readonly<Record<string, string>>

/** What every answer has. */
export function fixedHeaders({ headers }: HeaderOptions, hostname: string): Headers {
  const { hsts, frameOptions, csp, serverHostname } = headers
  return {
    vary: 'Accept-Encoding',
    'x-content-type-options': 'nosniff',
    ...(serverHostname && { 'x-server-hostname': hostname }),
    ...(hsts !== '' && { 'strict-transport-security': hsts }),
    ...(frameOptions !== '' && { 'x-frame-options': frameOptions }),
    ...(csp !== '' && { 'content-security-policy': csp }),
  }
}

/** What pages have besides: the policy that they need, unless the user has set one. */
export function pageHeaders({ headers }: HeaderOptions): Headers {
  return headers.csp === '' ? { 'content-security-policy': PAGE_POLICY } : {}
}

/** The answer to a browser that asks whether a page of another origin may send a request. */
export const CORS_PREFLIGHT: Headers = {
  'access-control-allow-headers': '*',
  'access-control-allow-methods': '*',
  'access-control-allow-origin': '*',
}

/** A penstock: two walls and the water between them. */
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M1 1h5l9 14h-5z" fill="#27a"/>' +
  '<path d="M3 3h2l7 10h-2z" fill="#9df"/></svg>'
