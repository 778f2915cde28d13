import type { Route } from './routes/route.ts'

/** `agent/` and `/agent` are the same prefix; `/` is none. */
export function normalisePrefix(prefix: string): string {
  const bare = prefix.replace(/^\/+|\/+$/g, '')
  return bare === '' ? '' : `/${bare}`
}

/**
 * The URL with several slashes in a row made one, below the prefix and before the query, unless that would lead to a path
 * where slashes count.
 */
export function collapseSlashes(url: string, prefix: string, routes: readonly Route[]): string {
  const [path = ''] = url.split('?', 1)
  if (!path.includes('//') || !path.startsWith(`${prefix}/`)) return url
  const below = path.slice(prefix.length).replaceAll(/\/{2,}/g, '/')
  if (routes.some(route => route.exact && route.paths.includes(below))) return url
  return prefix + below + url.slice(path.length)
}

/** What leads from a path back to the prefix: `./`, or `../` for each folder between them. */
export function rootOf(path: string, prefix: string): string {
  const depth = path.slice(prefix.length).split('/').length - 2
  return depth <= 0 ? './' : '../'.repeat(depth)
}
