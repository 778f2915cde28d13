import { createRequire } from 'node:module'
import type { Agent, Dispatcher } from 'undici'
import { connector } from './connector.ts'
import type { CallSpec } from './http-spec.ts'
import { type Credentials, ProxyClient, type Route } from './proxy.ts'

export type HttpClientOptions = {
  /** How long connecting may take. */
  readonly timeoutMs: number
  /** Most connections to one server; 1 if not given. */
  readonly connections?: number
  /** Of the proxy, made of `proxy.auth`. */
  readonly proxyCredentials?: Credentials | undefined
}

/** What one request sends. */
export type HttpRequest = {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

/**
 * Sends requests as a specification wants it: over TLS with its certificates, through its proxy. For what is asked now
 * and then; scrapes have their own. Credentials and headers for the servers are the caller's. Owns its connections until
 * `close`. The HTTP library is loaded with the first request, for it takes megabytes.
 */
export class HttpClient {
  readonly #http: CallSpec
  readonly #options: HttpClientOptions
  readonly #proxy: ProxyClient | undefined
  readonly #agents = new Map<Route, Agent>()

  constructor(http: Pick<CallSpec, 'tls' | 'proxy'>, options: HttpClientOptions) {
    this.#http = { headers: [], ...http }
    this.#options = options
    this.#proxy = http.proxy && new ProxyClient(http.proxy, options.proxyCredentials)
  }

  /**
   * @param url without credentials
   * @throws {Error} no answer, or none that is HTTP
   * @throws {SecretUnreadable | TokenUnavailable} of the proxy
   */
  async request(url: URL, { headers, ...request }: HttpRequest): Promise<Dispatcher.ResponseData> {
    const route = this.#proxy?.routeTo(url) ?? 'direct'
    const path = url.pathname + url.search
    if (route !== 'forward') return this.#agent(route).request({ ...request, origin: url.origin, path, headers })
    const proxy = this.#proxy!
    await proxy.ready()
    return this.#agent(route).request({
      ...request,
      origin: proxy.url.origin,
      path: url.origin + path,
      headers: { ...headers, host: url.host, ...pairsOf(proxy.headers()) },
    })
  }

  /** Ends what is under way as failed. */
  async close(): Promise<void> {
    const agents = [...this.#agents.values()]
    this.#agents.clear()
    await Promise.all(agents.map(agent => agent.destroy()))
  }

  #agent(route: Route): Agent {
    let agent = this.#agents.get(route)
    if (agent === undefined) {
      const undici = createRequire(import.meta.url)('undici') as typeof import('undici')
      const { timeoutMs, connections = 1 } = this.#options
      agent = new undici.Agent({
        connect: connector({
          tls: route === 'forward' ? this.#http.proxy!.tls : this.#http.tls,
          ...(route === 'tunnel' && { proxy: this.#proxy! }),
          timeoutMs,
        }),
        connections,
        // The caller's signal is for the whole of it.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      this.#agents.set(route, agent)
    }
    return agent
  }
}

function pairsOf(list: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (let index = 0; index < list.length; index += 2) {
    pairs[list[index]!.toLowerCase()] = Buffer.from(list[index + 1]!).toString('latin1')
  }
  return pairs
}
