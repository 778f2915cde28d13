import type { Access } from '../access.ts'
import type { AdminAnswer, AdminRequest } from '../answer.ts'
import type { AgentView } from '../view.ts'

export type AdminContext = {
  readonly view: AgentView
  readonly metricsText: () => Promise<string>
  /** True while the server waits before it closes (`-http.shutdownDelay`). */
  readonly closing: () => boolean
}

/** A path of the server, below `-http.pathPrefix`. */
export type Route = {
  /** The first is counted, the others are aliases. */
  readonly paths: readonly [string, ...string[]]
  readonly access: Access
  /** Any method unless it says `GET`. */
  readonly method?: 'GET'
  /** Slashes count one by one; other paths may hold several in a row, as in vmagent. */
  readonly exact?: true
  /** @throws {BadRequest} answered with 400 */
  readonly answer: (context: AdminContext, request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>
}

/** The path, and the same below `/prometheus`. */
export function withAlias(path: string): readonly [string, string] {
  return [path, `/prometheus${path}`]
}
