import querystring from 'node:querystring'
import type { AnswerHandler, Exchange } from './exchange.ts'
import type { FetchJob, RequestHeaders } from './fetch-job.ts'
import { HttpExchange } from './http-exchange.ts'
import { HttpsExchange } from './https-exchange.ts'

/** The server that a target's requests go to: its own, or one that a redirect led to. Owns the connection to it. */
export class Origin {
  readonly #job: FetchJob
  readonly #timeoutMs: number
  readonly #foreign: boolean
  readonly #exchange: Exchange
  /** Of the URL's own credentials. */
  readonly #authorization: string | undefined
  #jobHeaders: RequestHeaders = []
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
    this.#authorization = authorizationOf(url)
    this.#exchange =
      url.protocol === 'http:'
        ? new HttpExchange(url.host, !job.spec.disableKeepAlive, job.memory)
        : new HttpsExchange(url.origin, job, timeoutMs)
  }

  /**
   * Sends a GET; one at a time. The handler may hear of an error before this returns.
   *
   * @throws {SecretUnreadable} retryable
   */
  send(path: string, handler: AnswerHandler): void {
    this.#exchange.send(path, this.#requestHeaders(), handler)
  }

  /** The same array as long as the job gives the same. */
  #requestHeaders(): RequestHeaders {
    const headers = this.#job.headers(this.#timeoutMs, this.#foreign)
    if (headers !== this.#jobHeaders) {
      this.#jobHeaders = headers
      this.#headers = authorize(headers, this.#authorization)
    }
    return this.#headers
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

/** Basic authentication by `http://user:password@host/`; undefined if the URL names no user. */
function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  // Unlike decodeURIComponent it leaves a lone percent sign as it is.
  const credentials = `${querystring.unescape(username)}:${querystring.unescape(password)}`
  return `Basic ${Buffer.from(credentials).toString('base64')}`
}

/** Headers with that authorization, unless they have one already. */
function authorize(headers: RequestHeaders, authorization: string | undefined): RequestHeaders {
  const isName = (_: string, index: number) => index % 2 === 0
  const has = headers.filter(isName).some(name => name.toLowerCase() === 'authorization')
  return authorization === undefined || has ? headers : [...headers, 'Authorization', authorization]
}
