import type { SecureContextOptions, SecureVersion, Server } from 'node:tls'
import { SecretReader } from '../../shared/secret.ts'

/** How one address serves TLS. */
export type ServerTls = {
  /** PEM files; they are looked at again as connections come, once a second at most. */
  readonly certFile: string
  readonly keyFile: string
  readonly minVersion: SecureVersion
  /** In OpenSSL's spelling; undefined for those that Node.js takes for good. */
  readonly ciphers: string | undefined
}

/** OpenSSL takes part in nothing older than TLS 1.2 at its usual level of security. */
const OLD_VERSIONS: readonly SecureVersion[] = ['TLSv1', 'TLSv1.1']

/** The certificate of one listening address, which may be renewed at any time. */
export class ServerCertificate {
  readonly #tls: ServerTls
  readonly #onProblem: (problem: string) => void
  readonly #cert: SecretReader
  readonly #key: SecretReader
  /** Certificate and key that were looked at last, whether or not they could be used. */
  #seen = ''

  /**
   * @param onProblem hears why renewed files cannot be used, once each time; those before them stay in use
   * @param nowMs a monotonic clock in milliseconds; given by tests
   */
  constructor(tls: ServerTls, onProblem: (problem: string) => void, nowMs?: () => number) {
    this.#tls = tls
    this.#onProblem = onProblem
    this.#cert = new SecretReader({ file: tls.certFile }, undefined, nowMs)
    this.#key = new SecretReader({ file: tls.keyFile }, undefined, nowMs)
  }

  /** @throws {Error} the files cannot be read, or are no certificate with its key */
  options(): SecureContextOptions {
    const cert = this.#cert.read()
    const key = this.#key.read()
    const { minVersion, ciphers } = this.#tls
    const allCiphers = OLD_VERSIONS.includes(minVersion) ? `${ciphers ?? 'DEFAULT'}:@SECLEVEL=0` : ciphers
    const options = { cert, key, minVersion, ...(allCiphers !== undefined && { ciphers: allCiphers }) }
    this.#seen = cert + key
    // Proves that they belong together; a server would only notice when a client comes.
    process.getBuiltinModule('node:tls').createSecureContext(options)
    return options
  }

  /** Gives the server the files if they have changed. */
  refresh(server: Pick<Server, 'setSecureContext'>): void {
    try {
      if (this.#cert.read() + this.#key.read() !== this.#seen) server.setSecureContext(this.options())
    } catch (error) {
      const { certFile, keyFile } = this.#tls
      this.#onProblem(`${certFile} and ${keyFile} cannot be used, those before them stay: ${(error as Error).message}`)
    }
  }
}
