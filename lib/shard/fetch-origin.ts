import { userAuthorization } from '../../shared/proxy.ts'
import type { AnswerHandler, Exchange } from './exchange.ts'
import type { FetchJob } from './fetch-job.ts'
import { HttpExchange } from './http-exchange.ts'
import { type RequestHeaders, utf8Bytes } from './job-headers.ts'
import { UndiciExchange } from './undici-exchange.ts'

const NO_HEADERS: readonly string[] = []

/** The server that a target's requests go to: its own, or one that a redirect led to. Owns the connection to it. */
export class Origin {
  readonly #job: FetchJob
  readonly #timeoutMs: number
  readonly #foreign: boolean
  readonly #exchange: Exchange
  /** Of the URL's own credentials. */
  readonly #authorization: string | undefined
  /** A proxy passes requests on: they name scheme and host, and have headers for it. */
  readonly #isForwarded: boolean
  #jobHeaders: RequestHeaders = []
  #proxyHeaders = NO_HEADERS
  #headers: RequestHeaders = []
  /** Scheme, host and port. */
  readonly href: string

  /**
   * @param url may hold credentials
   * @param foreign not the target's own host: it gets no credentials of the job
   */
  constructor(job: FetchJob, timeoutMs: number, url: URL, foreign: boolean) {
    this.#job = job
    this.#timeoutMs = timeoutMs
    this.#foreign = foreign
    this.href = url.origin
    this.#authorization = userAuthorization(url)
    this.#isForwarded = job.routeTo(url) === 'forward'
    this.#exchange = exchangeWith(url, job, timeoutMs)
  }

  /**
   * Sends a GET; one at a time. The handler may hear of an error before this returns.
   *
   * @throws {SecretUnreadable | TokenUnavailable} retryable
   */
  send(path: string, handler: AnswerHandler): void {
    this.#exchange.send(this.#isForwarded ? this.href + path : path, this.#requestHeaders(), handler)
  }

  /** The same array as long as job and proxy give the same. */
  #requestHeaders(): RequestHeaders {
    const headers = this.#job.headers(this.#timeoutMs, this.#foreign)
    const proxyHeaders = this.#isForwarded ? this.#job.proxy!.headers() : NO_HEADERS
    if (headers !== this.#jobHeaders || proxyHeaders !== this.#proxyHeaders) {
      this.#jobHeaders = headers
      this.#proxyHeaders = proxyHeaders
      this.#headers = this.#combine(headers, proxyHeaders)
    }
    return this.#headers
  }

  #combine(headers: RequestHeaders, proxyHeaders: readonly string[]): RequestHeaders {
    const forProxy = namesOf(proxyHeaders)
    const combined = headers.filter((_, index) => !forProxy.has(headers[index - (index % 2)]!.toLowerCase()))
    combined.push(...proxyHeaders.map(utf8Bytes))
    const names = namesOf(combined)
    if (this.#authorization !== undefined && !names.has('authorization')) {
      combined.push('Authorization', this.#authorization)
    }
    if (this.#isForwarded && !names.has('host')) combined.push('Host', new URL(this.href).host)
    return combined
  }

  /** Ends what runs on the connection, connecting included; the handler hears nothing any more. */
  abort(): void {
    this.#exchange.abort()
  }

  /** Aborts, and resolves when the connection is gone. The next send would open a new one. */
  close(): Promise<void> {
    return this.#exchange.close()
  }
}

/** HTTP over plain sockets is what nearly all scrapes are; all else goes by way of undici. */
function exchangeWith(url: URL, job: FetchJob, timeoutMs: number): Exchange {
  const route = job.routeTo(url)
  const isPlain = route === 'forward' ? !job.proxy!.isTls : route === 'direct' && url.protocol === 'http:'
  if (!isPlain) return new UndiciExchange(url, route, job, timeoutMs)
  const peer = route === 'forward' ? job.proxy!.url.host : url.host
  return new HttpExchange(url.host, !job.spec.disableKeepAlive, job.memory, peer)
}

function namesOf(headers: readonly string[]): Set<string> {
  return new Set(headers.filter((_, index) => index % 2 === 0).map(name => name.toLowerCase()))
}
