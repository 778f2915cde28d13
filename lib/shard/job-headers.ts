import type { HeaderList } from '../../shared/http-spec.ts'
import { SecretHeaders } from '../../shared/secret-headers.ts'
import type { JobSpec } from '../../shared/target.ts'

/** Names and values in turn. One character stands for one byte. */
export type RequestHeaders = string[]

/** What targets with the same timeout share: for the target itself, and for a host that a redirect led to. */
type Shared = { own: RequestHeaders; readonly foreign: RequestHeaders }

/** By lower-case name. */
type HeaderMap = Map<string, readonly [name: string, value: string]>

/** As vmagent sends it; `scrape_protocols` asks for other formats. */
const ACCEPT = 'text/plain;version=0.0.4;q=1,*/*;q=0.1'

/** They would say that a body follows, which never does; Go's HTTP client leaves them out too. */
const FRAMING_HEADERS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer'])

/** The request headers of one job: the usual ones, the user's, credentials. */
export class JobHeaders {
  readonly #spec: JobSpec
  readonly #secrets: SecretHeaders
  /** What of `#secrets` the headers in `#shared` were made with. */
  #secretList: HeaderList = []
  /** By timeout. */
  readonly #shared = new Map<number, Shared>()

  /** @param closing ends what is being fetched */
  constructor(spec: JobSpec, closing?: AbortSignal) {
    this.#spec = spec
    this.#secrets = new SecretHeaders(spec.http, closing)
  }

  /** What has to be awaited before `of`; see {Authorizer.ready}. */
  ready(): Promise<void> | undefined {
    return this.#secrets.ready()
  }

  /**
   * The headers of a request; the same array as long as the credentials stay.
   *
   * @param foreign the request goes to another host than the target's, because of a redirect: it gets neither
   *   credentials nor the user's headers, which often hold some
   * @throws {SecretUnreadable | TokenUnavailable} retryable
   */
  of(timeoutMs: number, foreign: boolean): RequestHeaders {
    const secretList = foreign ? this.#secretList : this.#secrets.read()
    if (secretList !== this.#secretList) {
      this.#secretList = secretList
      for (const [otherTimeoutMs, other] of this.#shared) other.own = this.#ownHeaders(otherTimeoutMs)
    }
    let shared = this.#shared.get(timeoutMs)
    if (shared === undefined) {
      shared = { own: this.#ownHeaders(timeoutMs), foreign: [...this.#standardHeaders(timeoutMs).values()].flat() }
      this.#shared.set(timeoutMs, shared)
    }
    return foreign ? shared.foreign : shared.own
  }

  #ownHeaders(timeoutMs: number): RequestHeaders {
    const headers = this.#standardHeaders(timeoutMs)
    const encoding = headers.get('accept-encoding')
    for (const [name, value] of [...this.#spec.http.headers, ...this.#secretList]) {
      if (!FRAMING_HEADERS.has(name.toLowerCase())) headers.set(name.toLowerCase(), [name, utf8Bytes(value)])
    }
    // What can be decoded is not for the user to say.
    if (encoding !== undefined) headers.set('accept-encoding', encoding)
    return [...headers.values()].flat()
  }

  #standardHeaders(timeoutMs: number): HeaderMap {
    const headers: HeaderMap = new Map([
      ['user-agent', ['User-Agent', 'vm_promscrape']],
      ['accept', ['Accept', this.#spec.accept ?? ACCEPT]],
      ['x-prometheus-scrape-timeout-seconds', ['X-Prometheus-Scrape-Timeout-Seconds', (timeoutMs / 1000).toFixed(3)]],
    ])
    if (!this.#spec.disableCompression) headers.set('accept-encoding', ['Accept-Encoding', 'gzip'])
    return headers
  }
}

/** The bytes of a text in UTF-8, as one character each. */
export function utf8Bytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}
