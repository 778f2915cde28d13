import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../shared/http-spec.ts'
import { SecretReader } from '../../shared/secret.ts'
import type { HttpErrorReason } from './http-counters.ts'

/** The flags `-metricsAuthKey`, `-reloadAuthKey`, `-flagsAuthKey` and `-configAuthKey`; an absent key protects nothing. */
export type AuthKeys = {
  readonly metrics?: Secret
  readonly reload?: Secret
  readonly flags?: Secret
  readonly config?: Secret
}

/** `open` for anyone, `basic` for whoever knows `-httpAuth.*`, or the name of a key; an absent key means `basic`. */
export type Access = 'open' | 'basic' | keyof AuthKeys

export type AccessOptions = {
  readonly authKeys: AuthKeys
  /** Absent unless `-httpAuth.username` is set. */
  readonly basicAuth?: { readonly username: string; readonly password: Secret }
}

/** Why a request is refused; it is answered with 401. */
export type Refusal = { readonly reason: HttpErrorReason; readonly message: string; readonly challenge: boolean }

/** What a request shows: `authKey` of its query or form, and its Authorization header. */
export type Credentials = { readonly authKey: string; readonly authorization: string }

/** Decides who may ask for what. Secrets in files are followed as they change. */
export class Gate {
  readonly #keys: ReadonlyMap<string, SecretReader>
  readonly #basic: { readonly username: string; readonly password: SecretReader } | undefined

  constructor({ authKeys, basicAuth }: AccessOptions) {
    this.#keys = new Map(Object.entries(authKeys).map(([name, secret]) => [name, new SecretReader(secret)]))
    this.#basic = basicAuth && { username: basicAuth.username, password: new SecretReader(basicAuth.password) }
  }

  /** Whether a key is asked for, which may be in the form that a request brings. */
  needsKey(access: Access): boolean {
    return this.#keys.has(access)
  }

  /**
   * @returns undefined if the request may go on
   * @throws {SecretUnreadable} the file of the secret was never readable
   */
  refusal(access: Access, credentials: Credentials): Refusal | undefined {
    if (access === 'open') return undefined
    const key = this.#keys.get(access)
    if (key) return keyRefusal(access, key.read(), credentials.authKey)
    return this.#basic && basicRefusal(this.#basic.username, this.#basic.password.read(), credentials.authorization)
  }
}

function keyRefusal(name: string, expected: string, given: string): Refusal | undefined {
  // An empty key in a file must not open the door to requests without a key.
  if (expected !== '' && sameText(expected, given)) return undefined
  const message =
    given === ''
      ? `-${name}AuthKey is set: give its value as the query argument authKey`
      : `authKey is not the value of -${name}AuthKey`
  return { reason: 'wrong_auth_key', message, challenge: false }
}

function basicRefusal(username: string, password: string, authorization: string): Refusal | undefined {
  const encoded = /^Basic (.*)$/i.exec(authorization)?.[1] ?? ''
  if (sameText(`${username}:${password}`, Buffer.from(encoded, 'base64').toString('utf8'))) return undefined
  return { reason: 'wrong_basic_auth', message: 'user name and password are missing or wrong', challenge: true }
}

/** Takes the same time wherever two texts differ. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
