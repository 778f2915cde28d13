import type { AuthSpec } from './http-spec.ts'
import { TokenSource } from './oauth2.ts'
import { SecretReader } from './secret.ts'

/** Makes the value of the `Authorization` header (RFC 9110, 11.6.2) from a specification, and keeps it while its secrets stay. */
export class Authorizer {
  readonly #spec: AuthSpec
  /** The user's name, or undefined unless the scheme is basic. */
  readonly #user: SecretReader | undefined
  /** Undefined for OAuth 2, where tokens take its place. */
  readonly #secret: SecretReader | undefined
  readonly #tokens: TokenSource | undefined
  #userText = ''
  #secretText = ''
  #header: string | undefined

  /**
   * @param closing ends what is being fetched
   * @param nowMs a monotonic clock in milliseconds; given by tests
   */
  constructor(spec: AuthSpec, closing?: AbortSignal, nowMs?: () => number) {
    this.#spec = spec
    this.#user = spec.type === 'basic' ? new SecretReader(spec.username, closing, nowMs) : undefined
    if (spec.type === 'oauth2') this.#tokens = new TokenSource(spec, closing, nowMs)
    else this.#secret = new SecretReader(spec.type === 'basic' ? spec.password : spec.credentials, closing, nowMs)
  }

  /**
   * What has to be awaited before `header`: a token, or a secret at a URL. Undefined if it is at hand.
   *
   * Rejects with {SecretUnreadable | TokenUnavailable}.
   */
  ready(): Promise<void> | undefined {
    if (this.#tokens !== undefined) return this.#tokens.ready()
    const user = this.#user?.ready()
    const secret = this.#secret!.ready()
    return user === undefined ? secret : Promise.all([user, secret]).then(() => undefined)
  }

  /**
   * The header's value as of now; the same string as long as nothing changed.
   *
   * @throws {SecretUnreadable} retryable; a file was never readable so far, or nobody has waited for `ready`
   * @throws {TokenUnavailable} retryable; nobody has waited for `ready`
   */
  header(): string {
    if (this.#tokens !== undefined) return this.#tokens.header()
    const user = this.#user?.read() ?? ''
    const secret = this.#secret!.read()
    if (this.#header === undefined || user !== this.#userText || secret !== this.#secretText) {
      this.#userText = user
      this.#secretText = secret
      this.#header = this.#compose(user, secret)
    }
    return this.#header
  }

  #compose(user: string, secret: string): string {
    if (this.#spec.type !== 'authorization') return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
    return `${this.#spec.scheme} ${secret}`
  }
}
