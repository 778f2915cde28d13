import { Authorizer } from './authorize.ts'
import type { HeaderList, HttpSpec } from './http-spec.ts'
import { SecretReader } from './secret.ts'

/** A header whose value may change at any time. */
type ChangingHeader = { readonly name: string; ready(): Promise<void> | undefined; value(): string }

/** The request headers whose values may change at any time: those that are secrets, and credentials. */
export class SecretHeaders {
  readonly #headers: readonly ChangingHeader[]
  #list: HeaderList = []

  /** @param closing ends what is being fetched */
  constructor({ auth, secretHeaders = [] }: Pick<HttpSpec, 'auth' | 'secretHeaders'>, closing?: AbortSignal) {
    const headers = secretHeaders.map(([name, secret]): ChangingHeader => {
      const reader = new SecretReader(secret, closing)
      return { name, ready: () => reader.ready(), value: () => reader.read() }
    })
    if (auth !== undefined) {
      const authorizer = new Authorizer(auth, closing)
      headers.push({ name: 'Authorization', ready: () => authorizer.ready(), value: () => authorizer.header() })
    }
    this.#headers = headers
  }

  /** What has to be awaited before `read`; see {Authorizer.ready}. */
  ready(): Promise<void> | undefined {
    let pending: Promise<void> | undefined
    for (const header of this.#headers) {
      const next = header.ready()
      if (next !== undefined)
        pending = pending === undefined ? next : Promise.all([pending, next]).then(() => undefined)
    }
    return pending
  }

  /**
   * The headers as of now, credentials last; the same list as long as nothing changes.
   *
   * @throws {SecretUnreadable | TokenUnavailable} retryable
   */
  read(): HeaderList {
    if (this.#hasChanged()) this.#list = this.#headers.map(header => [header.name, header.value()] as const)
    return this.#list
  }

  #hasChanged(): boolean {
    for (let index = 0; index < this.#headers.length; index++) {
      if (this.#headers[index]!.value() !== this.#list[index]?.[1]) return true
    }
    return false
  }
}
