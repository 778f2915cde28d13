import { Agent, type ClientRequestArgs, type RequestOptions } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { Authorizer } from '../../shared/authorize.ts'
import { PenstockError } from '../../shared/errors.ts'
import type { AuthSpec } from '../../shared/http-spec.ts'
import type { DestinationSpec } from '../../shared/protocol.ts'
import { type TlsOptions, tlsOptions } from '../../shared/tls.ts'
import { Exchange, type SendOutcome } from './exchange.ts'

/** Long enough that a destination with an interval of a minute keeps its connections. */
const KEEP_ALIVE_MS = 90_000
/** Idle connections are probed, so that a block does not find out that the other side is gone. */
const PROBE_MS = 15_000

/** What says where a body ends, and whether it is to come: that is not for the user to say. */
const FRAMING_HEADERS: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding', 'trailer', 'expect'])

/** A destination's URL is none that can be written to. */
export class RemoteUrlInvalid extends PenstockError {
  override readonly name = 'RemoteUrlInvalid'
  override readonly code = 'FLAG_INVALID'

  constructor(destination: string) {
    super(`${destination}: the value of -remoteWrite.url must be an http:// or https:// URL`)
  }
}

/**
 * The HTTP side of one destination: remote write 1.0 requests over one kept connection a lane. It knows nothing of
 * retries. Owns its connections until `close`.
 */
export class Remote {
  readonly #sendTimeoutMs: number
  /** What all requests have in common. */
  readonly #options: RequestOptions
  readonly #headers: Readonly<Record<string, string>>
  readonly #authorizer: Authorizer | undefined
  /** Undefined unless the destination is one of `https:`. */
  readonly #tlsOptions: (() => TlsOptions) | undefined
  /** By lane, made when the lane first sends. */
  readonly #connections: (Connection | undefined)[] = []
  readonly #underWay = new Set<Exchange>()
  #isClosed = false

  /** @throws {RemoteUrlInvalid} */
  constructor(spec: DestinationSpec) {
    const url = URL.parse(spec.url)
    if (url === null || !/^https?:$/.test(url.protocol)) throw new RemoteUrlInvalid(spec.name)
    const isSecure = url.protocol === 'https:'
    this.#sendTimeoutMs = spec.sendTimeoutMs
    this.#options = {
      method: 'POST',
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port || (isSecure ? 443 : 80),
      path: url.pathname + url.search,
    }
    this.#headers = requestHeaders(spec, url.host)
    const auth = spec.http.auth ?? (isGivenHeader(spec, 'authorization') ? undefined : urlAuth(url))
    this.#authorizer = auth && new Authorizer(auth)
    this.#tlsOptions = isSecure ? tlsOptions(spec.http.tls) : undefined
  }

  /** Sends one block's body; never rejects. `body` is read until the promise resolves. One call a lane at a time. */
  send(lane: number, body: Uint8Array): Promise<SendOutcome> {
    return new Promise(resolve => {
      const exchange = new Exchange(this.#sendTimeoutMs, outcome => {
        this.#underWay.delete(exchange)
        resolve(outcome)
      })
      this.#underWay.add(exchange)
      try {
        exchange.start(this.#requestOptions(lane, body.length), body)
      } catch (error) {
        exchange.abandon(error as Error)
      }
    })
  }

  /** Ends the requests under way as unanswered and closes all connections, for ever. */
  close(): void {
    this.#isClosed = true
    for (const exchange of this.#underWay) exchange.abandon(new Error('the connection was closed from this side'))
    for (const connection of this.#connections) connection?.destroy()
  }

  #requestOptions(lane: number, bodyBytes: number): RequestOptions {
    if (this.#isClosed) throw new Error('the destination is closed')
    this.#connections[lane] ??= new Connection(this.#tlsOptions)
    const headers: Record<string, string> = { ...this.#headers, 'Content-Length': String(bodyBytes) }
    if (this.#authorizer !== undefined) headers.Authorization = this.#authorizer.header()
    return { ...this.#options, headers, agent: this.#connections[lane] }
  }
}

/**
 * Opens a connection and keeps it, over TLS if there are options for it; only then Node's TLS is loaded. As no more than
 * one request is under way, there is one connection, and for a moment one that is being closed.
 */
class Connection extends Agent {
  readonly #tlsOptions: (() => TlsOptions) | undefined

  constructor(options: (() => TlsOptions) | undefined) {
    super({ keepAlive: true, keepAliveMsecs: PROBE_MS, maxFreeSockets: 1, timeout: KEEP_ALIVE_MS })
    this.#tlsOptions = options
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    if (this.#tlsOptions === undefined) return super.createConnection(options, callback)
    const host = options.host!
    return process.getBuiltinModule('node:tls').connect({
      ...(options as ConnectionOptions),
      servername: isIP(host) === 0 ? host : '', // not that of a `Host` header, which Node would take
      ALPNProtocols: ['http/1.1'],
      ...this.#tlsOptions(),
    })
  }
}

/** Those of the protocol win over the user's, and the user's last of a name over the first. */
function requestHeaders(spec: DestinationSpec, host: string): Readonly<Record<string, string>> {
  const headers = new Map<string, readonly [name: string, value: string]>([['host', ['Host', host]]])
  for (const header of spec.http.headers) headers.set(header[0].toLowerCase(), header)
  const own = [
    ['User-Agent', 'vmagent'], // receivers and proxies tell agents apart by it; a drop-in keeps it
    ['Content-Type', 'application/x-protobuf'],
    ['Content-Encoding', 'snappy'],
    ['X-Prometheus-Remote-Write-Version', '0.1.0'],
  ] as const
  for (const header of own) headers.set(header[0].toLowerCase(), header)
  for (const name of FRAMING_HEADERS) headers.delete(name)
  if (spec.http.auth !== undefined) headers.delete('authorization')
  return Object.fromEntries(headers.values())
}

/** @param name in lower case */
function isGivenHeader(spec: DestinationSpec, name: string): boolean {
  return spec.http.headers.some(header => header[0].toLowerCase() === name)
}

/** Credentials in front of the host, as in `http://user:password@host/`. */
function urlAuth(url: URL): AuthSpec | undefined {
  if (url.username === '' && url.password === '') return undefined
  return {
    type: 'basic',
    username: { value: decodeURIComponent(url.username) },
    password: { value: decodeURIComponent(url.password) },
  }
}
