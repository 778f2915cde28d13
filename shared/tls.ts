import type { SecureContextOptions } from 'node:tls'
import { createSecureContext } from 'node:tls'
import { buildConnector } from 'undici'
import type { TlsSpec } from './http-spec.ts'
import { SecretReader } from './secret.ts'

/** Options of the socket under a connection, plain or TLS. */
export type SocketOptions = {
  /** How long connecting may take, in milliseconds; 0 means no limit, 10 s is undici's own. */
  readonly timeout?: number
  /** How long a connection is silent before TCP probes it, in milliseconds. */
  readonly keepAliveInitialDelay?: number
}

/**
 * Opens the connections of an undici client, or of many: `new Client(origin, { connect: tlsConnector(spec) })`.
 * Serves `http:` origins too; certificates play no part in these.
 *
 * Files of `spec` are read when a connection opens, so rotated certificates hold from the next connection on. What they
 * contain is parsed once for all connections, for as long as it stays the same.
 * A file that was never readable fails the connection with `SecretUnreadable`, bad PEM text with the error of `node:tls`.
 *
 * @param spec undefined: servers are verified against the authorities that Node.js knows
 */
export function tlsConnector(spec: TlsSpec | undefined, socket: SocketOptions = {}): buildConnector.connector {
  const connectPlain = buildConnector(socket)
  if (spec === undefined) return connectPlain
  const material = new TlsMaterial(spec)
  let options: buildConnector.BuildOptions | undefined
  let connectTls = connectPlain
  return (origin, callback) => {
    if (origin.protocol !== 'https:') return connectPlain(origin, callback)
    const wanted = material.connectOptions()
    if (wanted !== options) {
      connectTls = buildConnector({ ...socket, ...wanted })
      options = wanted
    }
    connectTls(origin, callback)
  }
}

/** Certificates and key of a specification, parsed again when their text changes. */
class TlsMaterial {
  readonly #spec: TlsSpec
  readonly #ca: SecretReader | undefined
  readonly #cert: SecretReader | undefined
  readonly #key: SecretReader | undefined
  #texts: readonly (string | undefined)[] = []
  #options: buildConnector.BuildOptions | undefined

  constructor(spec: TlsSpec) {
    this.#spec = spec
    this.#ca = spec.ca && new SecretReader(spec.ca)
    this.#cert = spec.cert && new SecretReader(spec.cert)
    this.#key = spec.key && new SecretReader(spec.key)
  }

  /** The same object as long as nothing changed. */
  connectOptions(): buildConnector.BuildOptions {
    const texts = [this.#ca?.read(), this.#cert?.read(), this.#key?.read()] as const
    if (this.#options === undefined || texts.some((text, index) => text !== this.#texts[index])) {
      this.#options = this.#build(...texts)
      this.#texts = texts
    }
    return this.#options
  }

  #build(ca: string | undefined, cert: string | undefined, key: string | undefined): buildConnector.BuildOptions {
    const { serverName, insecureSkipVerify, minVersion } = this.#spec
    const context: SecureContextOptions = {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(minVersion !== undefined && { minVersion }),
    }
    return {
      secureContext: createSecureContext(context),
      rejectUnauthorized: !insecureSkipVerify,
      ...(serverName !== undefined && { servername: serverName }),
    }
  }
}
