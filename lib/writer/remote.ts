import { connect, isIP } from 'node:net'
import { Authorizer } from '../../shared/authorize.ts'
import { PenstockError } from '../../shared/errors.ts'
import type { AuthSpec, TlsSpec } from '../../shared/http-spec.ts'
import type { DestinationSpec } from '../../shared/protocol.ts'
import { tlsOptions } from '../../shared/tls.ts'
import { Connection, type SendOutcome, type SocketOpener } from './connection.ts'

/** What says where a body ends, whether it is to come, and what becomes of the connection is not for the user to say. */
const FRAMING_HEADERS = [
  'content-length',
  'transfer-encoding',
  'trailer',
  'expect',
  'connection',
  'keep-alive',
  'upgrade',
]

/** Most answers take less. */
const READ_BYTES = 4 * 1024

/** A destination's URL is none that can be written to. */
export class RemoteUrlInvalid extends PenstockError {
  override readonly name = 'RemoteUrlInvalid'
  override readonly code = 'FLAG_INVALID'

  constructor(destination: string) {
    super(`${destination}: the value of -remoteWrite.url must be an http:// or https:// URL`)
  }
}

/** A header's value would end it, and begin another. */
export class HeaderInvalid extends PenstockError {
  override readonly name = 'HeaderInvalid'
  override readonly code = 'CONFIG_INVALID'
  override readonly retryable = true

  constructor(name: string) {
    super(`the request header ${name} would have more than one line; correct the secret or the file that it comes from`)
  }
}

/**
 * The HTTP side of one destination: remote write 1.0 requests over one kept connection a lane. It knows nothing of
 * retries. Owns its connections until `close`.
 */
export class Remote {
  readonly #sendTimeoutMs: number
  /** Request line and headers, as far as they are always the same. */
  readonly #head: string
  readonly #authorizer: Authorizer | undefined
  /** One a lane. */
  readonly #connections: readonly Connection[]

  /** @throws {RemoteUrlInvalid} */
  constructor(spec: DestinationSpec) {
    const url = URL.parse(spec.url)
    if (url === null || !/^https?:$/.test(url.protocol)) throw new RemoteUrlInvalid(spec.name)
    const auth = authOf(url, spec)
    this.#sendTimeoutMs = spec.sendTimeoutMs
    this.#head = requestHead(url, spec)
    this.#authorizer = auth && new Authorizer(auth)
    const open = socketOpener(url, spec.http.tls)
    const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES)
    this.#connections = Array.from({ length: spec.queues }, () => new Connection(open, readBuffer))
  }

  /** Sends one block's body; never rejects. `body` is read until the promise resolves. One call a lane at a time. */
  send(lane: number, body: Uint8Array): Promise<SendOutcome> {
    let authorization: string
    try {
      authorization = this.#authorizer === undefined ? '' : headerLine('Authorization', this.#authorizer.header())
    } catch (error) {
      return Promise.resolve({ type: 'unanswered', error: error as Error, wasStale: false })
    }
    const head = `${this.#head}${authorization}Content-Length: ${body.length}\r\n\r\n`
    return this.#connections[lane]!.send(head, body, this.#sendTimeoutMs)
  }

  /** Ends the requests under way as unanswered and closes all connections, for ever. */
  close(): void {
    for (const connection of this.#connections) connection.close()
  }
}

/** Opens plain sockets or TLS ones, for which Node's TLS is loaded with the first. */
function socketOpener(url: URL, tls: TlsSpec | undefined): SocketOpener {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const isSecure = url.protocol === 'https:'
  const address = { host, port: Number(url.port || (isSecure ? 443 : 80)) }
  if (!isSecure) return onread => connect({ ...address, onread })
  const currentTlsOptions = tlsOptions(tls)
  const servername = isIP(host) === 0 ? host : ''
  return onread => {
    const options = { ...address, servername, ALPNProtocols: ['http/1.1'], ...currentTlsOptions(), onread }
    return process.getBuiltinModule('node:tls').connect(options)
  }
}

/** Those of the protocol win over the user's, and the user's last of a name over the first. */
function requestHead(url: URL, spec: DestinationSpec): string {
  const headers = new Map<string, readonly [name: string, value: string]>([['host', ['Host', url.host]]])
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
  const lines = headers.values().map(([name, value]) => headerLine(name, value))
  return `POST ${url.pathname}${url.search} HTTP/1.1\r\n${lines.toArray().join('')}`
}

function headerLine(name: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new HeaderInvalid(name)
  return `${name}: ${value}\r\n`
}

/** Of the options; else of the URL, unless a header of the user takes its place. */
function authOf(url: URL, { http }: DestinationSpec): AuthSpec | undefined {
  return http.auth ?? (http.headers.some(([name]) => /^authorization$/i.test(name)) ? undefined : urlAuth(url))
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
