import { withDeadline } from './deadline.ts'
import { PenstockError } from './errors.ts'
import { readText } from './fetch-text.ts'
import { HttpClient } from './http-client.ts'
import type { OAuth2Spec } from './http-spec.ts'
import { SecretReader } from './secret.ts'

/** A token is not used any more so long before it expires, or for half of its life: requests take their time. */
const EXPIRY_MARGIN_MS = 10_000
/** After a refusal the server is left alone for so long. */
const RETRY_INTERVAL_MS = 1000
const CONNECT_TIMEOUT_MS = 5000
const TIMEOUT_MS = 30_000

/** No token could be had, for now. */
export class TokenUnavailable extends PenstockError {
  override readonly name = 'TokenUnavailable'
  override readonly code = 'TOKEN_UNAVAILABLE'
  override readonly retryable = true

  constructor(tokenUrl: string, cause: unknown) {
    super(`cannot get an OAuth 2 token from ${tokenUrl}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

/** How the client says who it is: servers may support only one of the two ways (RFC 6749, 2.3.1). */
type ClientStyle = 'header' | 'body'

/**
 * Gives tokens by the client credentials grant (RFC 6749, 4.4). A token is kept until shortly before it expires, and got
 * anew when the client's secret changes; however many wait for it, the server is asked once.
 */
export class TokenSource {
  readonly #spec: OAuth2Spec
  readonly #secret: SecretReader
  readonly #nowMs: () => number
  readonly #closing: AbortSignal | undefined
  #style: ClientStyle | undefined
  #header: string | undefined
  /** The client secret that `#header` was got with. */
  #headerSecret = ''
  #expiresMs = 0
  #asking: Promise<void> | undefined
  #failure: TokenUnavailable | undefined
  #failedMs = Number.NEGATIVE_INFINITY

  /**
   * @param closing ends what is being fetched
   * @param nowMs a monotonic clock in milliseconds; given by tests
   */
  constructor(spec: OAuth2Spec, closing?: AbortSignal, nowMs: () => number = () => performance.now()) {
    this.#spec = spec
    this.#closing = closing
    this.#secret = new SecretReader(spec.clientSecret, closing, nowMs)
    this.#nowMs = nowMs
  }

  /** As {Authorizer.ready}. */
  ready(): Promise<void> | undefined {
    if (this.#asking !== undefined) return this.#asking
    if (this.#isValid()) return undefined
    if (this.#failure !== undefined && this.#nowMs() - this.#failedMs < RETRY_INTERVAL_MS) {
      return Promise.reject(this.#failure)
    }
    this.#asking = this.#renew().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  /** As {Authorizer.header}. */
  header(): string {
    if (this.#header === undefined) throw new TokenUnavailable(this.#spec.tokenUrl, 'it was not asked yet')
    return this.#header
  }

  #isValid(): boolean {
    if (this.#header === undefined || this.#nowMs() >= this.#expiresMs) return false
    try {
      return this.#secret.ready() === undefined && this.#secret.read() === this.#headerSecret
    } catch {
      return false // renewing says why
    }
  }

  async #renew(): Promise<void> {
    try {
      await this.#secret.ready()
      const secret = this.#secret.read()
      const { header, lifetimeMs } = await this.#ask(secret)
      this.#header = header
      this.#headerSecret = secret
      this.#expiresMs = this.#nowMs() + Math.max(lifetimeMs - EXPIRY_MARGIN_MS, lifetimeMs / 2)
      this.#failure = undefined
    } catch (error) {
      this.#header = undefined
      this.#failedMs = this.#nowMs()
      this.#failure = new TokenUnavailable(this.#spec.tokenUrl, error)
      throw this.#failure
    }
  }

  /** A server that does not say which style it wants is asked in both, the recommended one first. */
  async #ask(secret: string): Promise<Token> {
    if (this.#style !== undefined) return this.#askIn(this.#style, secret)
    try {
      const token = await this.#askIn('header', secret)
      this.#style = 'header'
      return token
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const token = await this.#askIn('body', secret)
      this.#style = 'body'
      return token
    }
  }

  async #askIn(style: ClientStyle, secret: string): Promise<Token> {
    const { clientId, scopes, endpointParams, tokenUrl, http } = this.#spec
    const form = new URLSearchParams({ grant_type: 'client_credentials' })
    if (scopes.length > 0) form.set('scope', scopes.join(' '))
    for (const [name, value] of endpointParams) form.set(name, value)
    const headers: Record<string, string> = {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...Object.fromEntries(http.headers.map(([name, value]) => [name.toLowerCase(), value])),
    }
    if (style === 'body') {
      form.set('client_id', clientId)
      form.set('client_secret', secret)
    } else {
      const credentials = `${encodeForm(clientId)}:${encodeForm(secret)}`
      headers.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    }
    form.sort()
    const answer = await this.#post(new URL(tokenUrl), headers, form.toString())
    if (answer.status < 200 || answer.status > 299) throw new Refused(answer.status, answer.text)
    return parseToken(answer.contentType, answer.text)
  }

  /** Over a connection of its own: the next token is asked for much later. */
  async #post(url: URL, headers: Record<string, string>, body: string) {
    const client = new HttpClient(this.#spec.http, { timeoutMs: CONNECT_TIMEOUT_MS })
    try {
      return await withDeadline(TIMEOUT_MS, this.#closing, async signal => {
        const answer = await client.request(url, { method: 'POST', headers, body, signal })
        const contentType = [answer.headers['content-type']].flat()[0] ?? ''
        return { status: answer.statusCode, contentType, text: await readText(answer.body) }
      })
    } finally {
      await client.close()
    }
  }
}

type Token = { readonly header: string; readonly lifetimeMs: number }

/** The token server said no. */
class Refused extends Error {
  constructor(status: number, text: string) {
    super(`the server answered with status ${status}: ${text.slice(0, 200)}`)
  }
}

/** As in a form: RFC 6749, appendix B. */
function encodeForm(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

/** RFC 6749, 5.1; some servers answer with a form instead of JSON. */
function parseToken(contentType: string, text: string): Token {
  const isForm = /^(?:application\/x-www-form-urlencoded|text\/plain)\b/i.test(contentType)
  const fields: unknown = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text)
  if (typeof fields !== 'object' || fields === null) throw new Error('the answer is no object')
  const { access_token: token, token_type: type, expires_in: expiresIn } = fields as Record<string, unknown>
  if (typeof token !== 'string' || token === '') throw new Error('the answer has no access_token')
  const seconds = Number(expiresIn ?? 0)
  return {
    header: `${schemeOf(type)} ${token}`,
    lifetimeMs: seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY,
  }
}

/** Types of tokens are not case-sensitive, but schemes of some servers are. */
function schemeOf(type: unknown): string {
  if (typeof type !== 'string' || type === '' || type.toLowerCase() === 'bearer') return 'Bearer'
  if (type.toLowerCase() === 'mac') return 'MAC'
  return type.toLowerCase() === 'basic' ? 'Basic' : type
}
