import { createRequire } from 'node:module'
import type { ConnectionOptions, SecureContextOptions } from 'node:tls'
import type { buildConnector } from 'undici'
import type { TlsSpec } from './http-spec.ts'
import { SecretReader } from './secret.ts'

/** Options of the socket under a connection, plain or TLS. */
export type SocketOptions = {
  /** How long connecting may take, in milliseconds; 0 means no limit, 10 s is undici's own. */
  readonly timeout?: number
  /** How long a connection is silent before TCP probes it, in milliseconds. */
  readonly keepAliveInitialDelay?: number
}

/** What `tls.connect` needs to know of a specification. */
export type TlsOptions = Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized' | 'servername'>

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
  const { buildConnector } = loadUndici()
  const connectPlain = buildConnector(socket)
  if (spec === undefined) return connectPlain
  const material = new TlsMaterial(spec)
  let options: TlsOptions | undefined
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

/**
 * For those who connect by themselves: gives the options of `tls.connect` for the next connection, so call it for each.
 * What is said of files and of `spec` above holds here; the call throws what a connection would fail with.
 */
export function tlsOptions(spec: TlsSpec | undefined): () => TlsOptions {
  if (spec === undefined) return () => ({})
  const material = new TlsMaterial(spec)
  return () => material.connectOptions()
}

/** Only when a connector is asked for: undici takes 8 MB of each thread that loads it. */
function loadUndici(): typeof import('undici') {
  return createRequire(import.meta.url)('undici') as typeof import('undici')
}

/** Certificates and key of a specification, parsed again when their text changes. */
class TlsMaterial {
  readonly #spec: TlsSpec
  readonly #ca: SecretReader | undefined
  readonly #cert: SecretReader | undefined
  readonly #key: SecretReader | undefined
  #texts: readonly (string | undefined)[] = []
  #options: TlsOptions | undefined

  constructor(spec: TlsSpec) {
    this.#spec = spec
    this.#ca = spec.ca && new SecretReader(spec.ca)
    this.#cert = spec.cert && new SecretReader(spec.cert)
    this.#key = spec.key && new SecretReader(spec.key)
  }

  /** The same object as long as nothing changed. */
  connectOptions(): TlsOptions {
    const texts = [this.#ca?.read(), this.#cert?.read(), this.#key?.read()] as const
    if (this.#options === undefined || texts.some((text, index) => text !== this.#texts[index])) {
      this.#options = this.#build(...texts)
      this.#texts = texts
    }
    return this.#options
  }

  #build(ca: string | undefined, cert: string | undefined, key: string | undefined): TlsOptions {
    const { serverName, insecureSkipVerify, minVersion } = this.#spec
    const context: SecureContextOptions = {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(minVersion !== undefined && { minVersion }),
    }
    return {
      // Loaded here, where TLS is sure to be wanted.
      secureContext: process.getBuiltinModule('node:tls').createSecureContext(context),
      rejectUnauthorized: !insecureSkipVerify,
      ...(serverName !== undefined && { servername: serverName }),
    }
  }
}
