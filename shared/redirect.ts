/** As many as Go's HTTP client follows. */
export const REDIRECTS_MAX = 10

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export function isRedirect(status: number): boolean {
  return REDIRECT_STATUSES.has(status)
}

/** Where a `Location` header points to (RFC 9110, 10.2.2), without fragment; undefined unless that is an HTTP URL. */
export function redirectUrl(location: string | undefined, base: string): URL | undefined {
  if (location === undefined) return undefined
  const url = URL.parse(location, base)
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined
}

/** True if credentials meant for `own` must not go to `other`: another host, or no longer encrypted. */
export function isForeign(own: URL, other: URL): boolean {
  return own.hostname !== other.hostname || (own.protocol === 'https:' && other.protocol === 'http:')
}
