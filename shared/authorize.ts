import type { AuthSpec } from './http-spec.ts'
import { SecretReader } from './secret.ts'

/** Makes the value of the `Authorization` header (RFC 9110, 11.6.2) from a specification, and keeps it while its secrets stay. */
export class Authorizer {
  readonly #spec: AuthSpec
  /** The user's name, or undefined unless the scheme is basic. */
  readonly #user: SecretReader | undefined
  readonly #secret: SecretReader
  #userText = ''
  #secretText = ''
  #header: string | undefined

  /** @param nowMs a monotonic clock in milliseconds; given by tests */
  constructor(spec: AuthSpec, nowMs?: () => number) {
    this.#spec = spec
    this.#user = spec.type === 'basic' ? new SecretReader(spec.username, nowMs) : undefined
    this.#secret = new SecretReader(spec.type === 'basic' ? spec.password : spec.credentials, nowMs)
  }

  /**
   * The header's value as of now; the same string as long as nothing changed.
   *
   * @throws {SecretUnreadable} retryable; a file was never readable so far
   */
  header(): string {
    const user = this.#user?.read() ?? ''
    const secret = this.#secret.read()
    if (this.#header === undefined || user !== this.#userText || secret !== this.#secretText) {
      this.#userText = user
      this.#secretText = secret
      this.#header =
        this.#spec.type === 'basic'
          ? `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
          : `${this.#spec.scheme} ${secret}`
    }
    return this.#header
  }
}
