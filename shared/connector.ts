import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import type { TlsSpec } from './http-spec.ts'
import type { ProxyClient } from './proxy.ts'
import { TlsMaterial } from './tls.ts'

/** How connections are opened. */
export type ConnectorOptions = {
  /** Undefined: servers are verified against the authorities that Node.js knows. */
  readonly tls: TlsSpec | undefined
  /** Connections are tunnels through it. */
  readonly proxy?: ProxyClient
  /** How long connecting may take. */
  readonly timeoutMs: number
  /** Ends what is being fetched for a connection. */
  readonly closing?: AbortSignal
  /** How long a connection is silent before TCP probes it. */
  readonly keepAliveInitialDelay?: number
}

/**
 * Opens the connections of an undici client, or of many: `new Client(origin, { connect: connector(options) })`. Over TLS
 * or not, as the origin wants it, always for HTTP/1.1.
 *
 * Files and URLs of `tls` are read when a connection opens, so rotated certificates hold from the next connection on.
 * What they contain is parsed once for all connections, for as long as it stays the same.
 * One that was never readable fails the connection with `SecretUnreadable`, bad PEM text with the error of `node:tls`.
 */
export function connector({ tls, proxy, timeoutMs, closing, ...socket }: ConnectorOptions): buildConnector.connector {
  const { buildConnector } = loadUndici()
  const common = { ...socket, timeout: timeoutMs, allowH2: false }
  const material = tls && new TlsMaterial(tls, closing)
  let tlsOptions: object | undefined
  let connect = buildConnector(common)

  /** Gets ready to connect; gives the socket of the tunnel, if there is to be one. */
  const prepare = async ({ protocol, hostname, port }: buildConnector.Options): Promise<Socket | undefined> => {
    const isTls = protocol === 'https:'
    if (isTls && material !== undefined) {
      await material.ready()
      const wanted = material.connectOptions()
      if (wanted !== tlsOptions) connect = buildConnector({ ...common, ...wanted })
      tlsOptions = wanted
    }
    return proxy?.open({ host: hostname, port: Number(port) || (isTls ? 443 : 80) }, timeoutMs)
  }
  return (origin, callback) => {
    prepare(origin).then(
      socket => {
        if (socket === undefined) connect(origin, callback)
        else if (origin.protocol === 'https:') connect({ ...origin, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: Error) => callback(error, null),
    )
  }
}

/** Only when a connector is asked for: undici takes 8 MB of each thread that loads it. */
function loadUndici(): typeof import('undici') {
  return createRequire(import.meta.url)('undici') as typeof import('undici')
}
