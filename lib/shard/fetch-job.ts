import { createRequire } from 'node:module'
import type { buildConnector, Client } from 'undici'
import { Authorizer } from '../../shared/authorize.ts'
import { connector } from '../../shared/connector.ts'
import { ProxyClient, type Route } from '../../shared/proxy.ts'
import type { JobSpec } from '../../shared/target.ts'
import { FetchMemory } from './fetch-memory.ts'
import { JobHeaders, type RequestHeaders } from './job-headers.ts'

/** A connection that was idle for so long is closed, unless the server announces to close it earlier. */
const IDLE_CONNECTION_MS = 24 * 60 * 60 * 1000
/** How much later than the owner's timer undici gives up connecting. */
const CONNECT_BACKSTOP_MS = 1000

/** Silent connections are probed, so that the next scrape does not find out that the other side is gone. */
export const KEEP_ALIVE_PROBE_MS = 15_000

/**
 * What all targets of a job share in fetching: request headers, credentials, certificates, the proxy. Made once for each
 * job that a shard knows.
 */
export class FetchJob {
  readonly spec: JobSpec
  /** Shared with all jobs of the thread. */
  readonly memory: FetchMemory
  readonly proxy: ProxyClient | undefined
  readonly #headers: JobHeaders
  readonly #closing = new AbortController()
  /** By route and timeout. */
  readonly #connectors = new Map<string, buildConnector.connector>()

  constructor(spec: JobSpec, memory = new FetchMemory()) {
    this.spec = spec
    this.memory = memory
    const { signal } = this.#closing
    this.#headers = new JobHeaders(spec, signal)
    const { proxy } = spec.http
    this.proxy = proxy && new ProxyClient(proxy, proxy.auth && new Authorizer(proxy.auth, signal), signal)
  }

  /** Ends what is being fetched or opened for the job; its targets are closed before. */
  close(): void {
    this.#closing.abort()
  }

  /** What has to be awaited before a request is sent: tokens, secrets at URLs. See {Authorizer.ready}. */
  ready(): Promise<void> | undefined {
    const headers = this.#headers.ready()
    const proxy = this.proxy?.ready()
    if (headers === undefined || proxy === undefined) return headers ?? proxy
    return Promise.all([headers, proxy]).then(() => undefined)
  }

  /** Fetches what there is to be fetched, so that it is at hand when the first scrape is due. */
  warmUp(): void {
    this.ready()?.catch(() => {}) // the scrapes will say so
  }

  /** As {JobHeaders.of}. */
  headers(timeoutMs: number, foreign: boolean): RequestHeaders {
    return this.#headers.of(timeoutMs, foreign)
  }

  /** How requests for a server travel. */
  routeTo(url: URL): Route {
    return this.proxy?.routeTo(url) ?? 'direct'
  }

  /**
   * A client for one origin, or for the proxy that passes requests for it on; it opens its connection with the first
   * request, and again whenever it was closed.
   *
   * The timeouts of undici are off, for the owner of the client has one timer for the whole exchange; but that timer
   * cannot reach a socket that is still connecting, which is closed a little later.
   */
  openClient(url: URL, route: Route, timeoutMs: number): Client {
    const undici = loadUndici()
    return new undici.Client(route === 'forward' ? this.proxy!.url.origin : url.origin, {
      connect: this.#connector(route, timeoutMs),
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: this.memory.headBytesMax,
      keepAliveTimeout: IDLE_CONNECTION_MS,
      keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    })
  }

  #connector(route: Route, timeoutMs: number): buildConnector.connector {
    const key = `${route} ${timeoutMs}`
    let connect = this.#connectors.get(key)
    if (connect === undefined) {
      const { http } = this.spec
      connect = connector({
        tls: route === 'forward' ? http.proxy!.tls : http.tls,
        ...(route === 'tunnel' && { proxy: this.proxy! }),
        timeoutMs: timeoutMs + CONNECT_BACKSTOP_MS,
        closing: this.#closing.signal,
        keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
      })
      this.#connectors.set(key, connect)
    }
    return connect
  }
}

/** Only for the first target over TLS: undici takes megabytes of each thread that loads it. */
function loadUndici(): typeof import('undici') {
  return createRequire(import.meta.url)('undici') as typeof import('undici')
}
