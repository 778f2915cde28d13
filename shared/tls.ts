import type { ConnectionOptions, SecureContextOptions } from 'node:tls'
import type { TlsSpec } from './http-spec.ts'
import { SecretReader } from './secret.ts'

/** What `tls.connect` needs to know of a specification. */
export type TlsOptions = Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized' | 'servername'>

/**
 * Gives the options of `tls.connect` for the next connection, so call it for each.
 *
 * Files of `spec` are read when it is called, so rotated certificates hold from the next connection on. What they
 * contain is parsed once, for as long as it stays the same.
 *
 * @param spec undefined: servers are verified against the authorities that Node.js knows
 * @returns throws {SecretUnreadable} for a file that was never readable, the error of `node:tls` for bad PEM text
 */
export function tlsOptions(spec: TlsSpec | undefined): () => TlsOptions {
  if (spec === undefined) return () => ({})
  const material = new TlsMaterial(spec)
  return () => material.connectOptions()
}

/** Certificates and key of a specification, parsed again when their text changes. */
export class TlsMaterial {
  readonly #spec: TlsSpec
  readonly #ca: SecretReader | undefined
  readonly #cert: SecretReader | undefined
  readonly #key: SecretReader | undefined
  #texts: readonly (string | undefined)[] = []
  #options: TlsOptions | undefined

  /** @param closing ends what is being fetched */
  constructor(spec: TlsSpec, closing?: AbortSignal) {
    this.#spec = spec
    this.#ca = spec.ca && new SecretReader(spec.ca, closing)
    this.#cert = spec.cert && new SecretReader(spec.cert, closing)
    this.#key = spec.key && new SecretReader(spec.key, closing)
  }

  /** What has to be awaited before `connectOptions`; see {SecretReader.ready}. */
  ready(): Promise<void> | undefined {
    const pending = [this.#ca?.ready(), this.#cert?.ready(), this.#key?.ready()].filter(
      promise => promise !== undefined,
    )
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined)
  }

  /** The same object as long as nothing changed. @throws as `tlsOptions` says */
  connectOptions(): TlsOptions {
    const texts = [this.#ca?.read(), this.#cert?.read(), this.#key?.read()] as const
    if (this.#options === undefined || texts.some((text, index) => text !== this.#texts[index])) {
      this.#options = this.#build(...texts)
      this.#texts = texts
    }
    return this.#options
  }

  #build(ca: string | undefined, cert: string | undefined, key: string | undefined): TlsOptions {
    const { serverName, insecureSkipVerify, minVersion, maxVersion } = this.#spec
    const context: SecureContextOptions = {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(minVersion !== undefined && { minVersion }),
      ...(maxVersion !== undefined && { maxVersion }),
    }
    return {
      // Loaded here, where TLS is sure to be wanted.
      secureContext: process.getBuiltinModule('node:tls').createSecureContext(context),
      rejectUnauthorized: !insecureSkipVerify,
      ...(serverName !== undefined && { servername: serverName }),
    }
  }
}
