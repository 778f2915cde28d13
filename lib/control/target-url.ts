import type { Label } from '../../shared/target.ts'
import { labelValue } from '../relabel/labels.ts'

const PARAM_PREFIX = '__param_'

export type TargetUrl = {
  readonly href: string
  /** Default of the label `instance`: the address, with the port of the scheme if it has none. */
  readonly instance: string
}

/**
 * The URL that the labels of a target make up: `__address__`, which may hold scheme and path itself, `__scheme__`,
 * `__metrics_path__`, and a query of all `__param_…`, sorted by name. Such a label gives the first value of its
 * parameter; the others are those that the job configures.
 *
 * @returns undefined if there is no address; a problem if it makes no URL that can be asked
 */
export function buildUrl(
  labels: readonly Label[],
  params: readonly (readonly [name: string, values: readonly string[]])[],
): TargetUrl | { readonly problem: string } | undefined {
  const { scheme, host, path } = splitAddress(labels)
  if (host === '') return undefined
  const query = buildQuery(labels, params)
  const href = `${scheme}://${host}${path}${query === '' ? '' : (path.includes('?') ? '&' : '?') + query}`
  const parsed = URL.parse(href)
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || /\s/.test(host)) {
    return { problem: `${JSON.stringify(href)} is not a valid http or https URL` }
  }
  const instance = host.includes(':') ? host : `${host}:${scheme === 'https' ? 443 : 80}`
  return { href, instance }
}

function splitAddress(labels: readonly Label[]): { scheme: string; host: string; path: string } {
  let address = labelValue(labels, '__address__')
  let scheme = labelValue(labels, '__scheme__') || 'http'
  for (const prefix of ['http', 'https']) {
    if (!address.startsWith(`${prefix}://`)) continue
    scheme = prefix
    address = address.slice(prefix.length + '://'.length)
    break
  }
  const slash = address.indexOf('/')
  const path = slash < 0 ? labelValue(labels, '__metrics_path__') || '/metrics' : address.slice(slash)
  return {
    scheme,
    host: slash < 0 ? address : address.slice(0, slash),
    path: path.startsWith('/') ? path : `/${path}`,
  }
}

function buildQuery(
  labels: readonly Label[],
  params: readonly (readonly [name: string, values: readonly string[]])[],
): string {
  const pairs: string[] = []
  const given = labels.filter(({ name, value }) => name.startsWith(PARAM_PREFIX) && value !== '')
  given.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name: label, value } of given) {
    const name = label.slice(PARAM_PREFIX.length)
    const configured = params.find(([param]) => param === name)?.[1] ?? []
    for (const text of [value, ...configured.slice(1)]) pairs.push(`${escapeQuery(name)}=${escapeQuery(text)}`)
  }
  return pairs.join('&')
}

/** Escapes as Go does: a space is a plus, and only letters, digits and `-_.~` stay. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%20', '+')
    .replaceAll(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}
