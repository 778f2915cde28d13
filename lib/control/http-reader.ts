import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { Authorizer } from '../../shared/authorize.ts'
import { retryAfterMs } from '../../shared/backoff.ts'
import { withDeadline } from '../../shared/deadline.ts'
import { PenstockError } from '../../shared/errors.ts'
import { HttpClient } from '../../shared/http-client.ts'
import type { HttpSpec } from '../../shared/http-spec.ts'
import { userAuthorization } from '../../shared/proxy.ts'
import { isForeign, isRedirect, REDIRECTS_MAX, redirectUrl } from '../../shared/redirect.ts'
import { SecretHeaders } from '../../shared/secret-headers.ts'
import { DiscoveryFailed } from './discovery/error.ts'

/** Everything from connecting to the last byte, redirects included. */
const TIMEOUT_MS = 60_000
/** Of an answer, as received and inflated: some hundred thousand targets. */
const BODY_BYTES_MAX = 64 * 2 ** 20
/** Nobody is left alone for longer because he asked for it. */
const RETRY_AFTER_MAX_MS = 10 * 60_000
const CONNECTIONS_MAX = 4
/** They would say that a body follows, which never does. */
const FRAMING_HEADERS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer'])
/** What a server's close of a kept connection looks like to a request that sets out in that moment. */
const STALE_CODES: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

type Headers = Readonly<Record<string, string>>

export type HttpReaderOptions = {
  readonly http: HttpSpec
  readonly followRedirects: boolean
  /** Requests are counted here. */
  readonly traffic?: { requests: number; retries: number }
  readonly timeoutMs?: number
  readonly bodyBytesMax?: number
}

const inflate = promisify(gunzip)

/**
 * Reads texts over HTTP, for what is asked now and then: lists of targets, configuration. Owns its connections until
 * `close`. The HTTP library is loaded with the first request, for it takes megabytes.
 */
export class HttpReader {
  readonly #options: HttpReaderOptions
  readonly #closing = new AbortController()
  readonly #client: HttpClient
  readonly #secrets: SecretHeaders

  constructor(options: HttpReaderOptions) {
    this.#options = options
    const { http, timeoutMs = TIMEOUT_MS } = options
    const { signal } = this.#closing
    const proxyCredentials = http.proxy?.auth && new Authorizer(http.proxy.auth, signal)
    this.#client = new HttpClient(http, { timeoutMs, connections: CONNECTIONS_MAX, proxyCredentials })
    this.#secrets = new SecretHeaders(http, signal)
  }

  /**
   * The body of a GET that is answered with status 200.
   *
   * @param headers of this request; those that the user configured override them
   * @throws {DiscoveryFailed} any other status, no answer in time, or a body that is too large
   * @throws {SecretUnreadable}
   */
  async read(url: string, headers: Headers = {}): Promise<string> {
    const { timeoutMs = TIMEOUT_MS } = this.#options
    const closing = this.#closing.signal
    let deadline: AbortSignal | undefined
    try {
      return await withDeadline(timeoutMs, closing, signal => {
        deadline = signal
        return this.#follow(new URL(url), headers, signal)
      })
    } catch (cause) {
      if (cause instanceof PenstockError) throw cause
      const isLate = deadline?.aborted === true && !closing.aborted
      const reason = isLate ? `no answer within ${timeoutMs / 1000} s` : reasonOf(cause)
      throw new DiscoveryFailed(`${withoutCredentials(url)} cannot be fetched: ${reason}`, { cause })
    }
  }

  /** Ends what is under way as failed, and closes the connections. */
  close(): void {
    this.#closing.abort()
    void this.#client.close()
  }

  async #follow(own: URL, headers: Headers, signal: AbortSignal): Promise<string> {
    let url = own
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#request(own, url, headers, signal)
      if (!this.#options.followRedirects || !isRedirect(answer.statusCode)) return this.#bodyOf(url, answer)
      await answer.body.dump()
      const next = redirectUrl(textOf(answer.headers.location), url.href)
      const place = withoutCredentials(url.href)
      if (next === undefined) throw new DiscoveryFailed(`${place} redirects to no URL that can be followed`)
      if (redirects === REDIRECTS_MAX)
        throw new DiscoveryFailed(`${place} redirects once more than ${REDIRECTS_MAX} times`)
      url = next
    }
  }

  async #request(own: URL, url: URL, headers: Headers, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const traffic = this.#options.traffic ?? { requests: 0, retries: 0 }
    await this.#secrets.ready()
    const request = { method: 'GET', headers: this.#headers(own, url, headers), signal } as const
    traffic.requests++
    try {
      return await this.#client.request(url, request)
    } catch (error) {
      if (signal.aborted || !STALE_CODES.has((error as NodeJS.ErrnoException).code)) throw error
      traffic.requests++
      traffic.retries++
      return await this.#client.request(url, request)
    }
  }

  /** In the order: standard ones, the caller's, the user's, credentials; later ones override. */
  #headers(own: URL, url: URL, headers: Headers): Record<string, string> {
    const all: Record<string, string> = { 'user-agent': 'vm_promscrape', 'accept-encoding': 'gzip' }
    for (const [name, value] of Object.entries(headers)) all[name.toLowerCase()] = value
    if (isForeign(own, url)) return all
    const ofUrl = userAuthorization(own)
    if (ofUrl !== undefined) all.authorization = ofUrl
    for (const [name, value] of [...this.#options.http.headers, ...this.#secrets.read()]) {
      if (!FRAMING_HEADERS.has(name.toLowerCase())) all[name.toLowerCase()] = utf8Bytes(value)
    }
    return all
  }

  async #bodyOf(url: URL, { statusCode, headers, body }: Dispatcher.ResponseData): Promise<string> {
    const { bodyBytesMax = BODY_BYTES_MAX } = this.#options
    const place = withoutCredentials(url.href)
    if (statusCode !== 200) {
      await body.dump()
      const asked = retryAfterMs(textOf(headers['retry-after']), Date.now(), 0, RETRY_AFTER_MAX_MS, Math.random())
      throw new DiscoveryFailed(`${place} answered ${statusCode}`, { retryAfterMs: asked })
    }
    const tooLarge = `${place} sends more than ${bodyBytesMax} bytes`
    const pieces: Buffer[] = []
    let sizeBytes = 0
    for await (const piece of body as AsyncIterable<Buffer>) {
      sizeBytes += piece.length
      if (sizeBytes > bodyBytesMax) throw new DiscoveryFailed(tooLarge)
      pieces.push(piece)
    }
    const bytes = Buffer.concat(pieces)
    if (textOf(headers['content-encoding'])?.toLowerCase() !== 'gzip') return bytes.toString()
    try {
      return (await inflate(bytes, { maxOutputLength: bodyBytesMax })).toString()
    } catch (cause) {
      const isTooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      throw new DiscoveryFailed(isTooLarge ? tooLarge : `${place} sends broken gzip: ${reasonOf(cause)}`, { cause })
    }
  }
}

/** A URL as it may be shown. */
export function withoutCredentials(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null || (parsed.username === '' && parsed.password === '')) return url
  parsed.username = ''
  parsed.password = ''
  return parsed.href
}

/** One that was sent several times counts as its first. */
function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

/** The bytes of a text in UTF-8, as one character each. */
function utf8Bytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** Connecting to a name with several addresses fails with an error that says nothing itself. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
