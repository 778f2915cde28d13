import { createRequire } from 'node:module'
import type { buildConnector, Client } from 'undici'
import { Authorizer } from '../../shared/authorize.ts'
import type { JobSpec } from '../../shared/target.ts'
import { tlsConnector } from '../../shared/tls.ts'
import { FetchMemory } from './fetch-memory.ts'

/** A connection that was idle for so long is closed, unless the server announces to close it earlier. */
const IDLE_CONNECTION_MS = 24 * 60 * 60 * 1000
/** How much later than the owner's timer undici gives up connecting. */
const CONNECT_BACKSTOP_MS = 1000

/** Silent connections are probed, so that the next scrape does not find out that the other side is gone. */
export const KEEP_ALIVE_PROBE_MS = 15_000

/** They would say that a body follows, which never does; Go's HTTP client leaves them out too. */
const FRAMING_HEADERS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer'])

/** Names and values in turn. One character stands for one byte. */
export type RequestHeaders = string[]

/** What targets with the same timeout share. */
type Shared = {
  connect: buildConnector.connector | undefined
  /** For the target itself, and for a host that a redirect led to. */
  headers: RequestHeaders
  readonly foreignHeaders: RequestHeaders
}

/**
 * What all targets of a job share in fetching: request headers, credentials, certificates. Made once for each job that a
 * shard knows; holds no socket.
 */
export class FetchJob {
  readonly spec: JobSpec
  /** Shared with all jobs of the thread. */
  readonly memory: FetchMemory
  readonly #authorizer: Authorizer | undefined
  readonly #shared = new Map<number, Shared>()
  #authorization: string | undefined

  constructor(spec: JobSpec, memory = new FetchMemory()) {
    this.spec = spec
    this.memory = memory
    this.#authorizer = spec.http.auth && new Authorizer(spec.http.auth)
  }

  /**
   * A client for one origin; it opens its connection with the first request, and again whenever it was closed.
   *
   * The timeouts of undici are off, for the owner of the client has one timer for the whole exchange; but that timer
   * cannot reach a socket that is still connecting, which is closed a little later.
   */
  openClient(origin: string, timeoutMs: number): Client {
    const undici = loadUndici()
    const shared = this.#sharedBy(timeoutMs)
    shared.connect ??= tlsConnector(this.spec.http.tls, {
      timeout: timeoutMs + CONNECT_BACKSTOP_MS,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    })
    return new undici.Client(origin, {
      connect: shared.connect,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_CONNECTION_MS,
      keepAliveMaxTimeout: IDLE_CONNECTION_MS,
    })
  }

  /**
   * The headers of a request; the same array as long as the credentials stay.
   *
   * @param foreign the request goes to another host than the target's, because of a redirect: it gets neither
   *   credentials nor the user's headers, which often hold some
   * @throws {SecretUnreadable} retryable
   */
  headers(timeoutMs: number, foreign: boolean): RequestHeaders {
    const shared = this.#sharedBy(timeoutMs)
    if (foreign) return shared.foreignHeaders
    const authorization = this.#authorizer?.header()
    if (authorization !== this.#authorization) {
      this.#authorization = authorization
      for (const [otherTimeoutMs, other] of this.#shared) other.headers = this.#ownHeaders(otherTimeoutMs)
    }
    return shared.headers
  }

  #sharedBy(timeoutMs: number): Shared {
    let shared = this.#shared.get(timeoutMs)
    if (shared === undefined) {
      shared = {
        connect: undefined,
        headers: this.#ownHeaders(timeoutMs),
        foreignHeaders: [...this.#standardHeaders(timeoutMs).values()].flat(),
      }
      this.#shared.set(timeoutMs, shared)
    }
    return shared
  }

  #ownHeaders(timeoutMs: number): RequestHeaders {
    const headers = this.#standardHeaders(timeoutMs)
    for (const [name, value] of this.spec.http.headers) {
      if (!FRAMING_HEADERS.has(name.toLowerCase())) headers.set(name.toLowerCase(), [name, utf8Bytes(value)])
    }
    if (this.#authorization !== undefined) {
      headers.set('authorization', ['Authorization', utf8Bytes(this.#authorization)])
    }
    return [...headers.values()].flat()
  }

  /** By lower-case name. */
  #standardHeaders(timeoutMs: number): Map<string, readonly [name: string, value: string]> {
    const headers = new Map<string, readonly [string, string]>([
      ['user-agent', ['User-Agent', 'vm_promscrape']],
      ['accept', ['Accept', 'text/plain;version=0.0.4;q=1,*/*;q=0.1']],
      ['x-prometheus-scrape-timeout-seconds', ['X-Prometheus-Scrape-Timeout-Seconds', (timeoutMs / 1000).toFixed(3)]],
    ])
    if (!this.spec.disableCompression) headers.set('accept-encoding', ['Accept-Encoding', 'gzip'])
    return headers
  }
}

/** Only for the first target over TLS: undici takes megabytes of each thread that loads it. */
function loadUndici(): typeof import('undici') {
  return createRequire(import.meta.url)('undici') as typeof import('undici')
}

/** The bytes of a text in UTF-8, as one character each. */
function utf8Bytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}
