import { once } from 'node:events'
import type http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type tls from 'node:tls'
import { PenstockError } from '../../shared/errors.ts'
import { refuseBroken } from './broken-request.ts'
import type { ListenerCounts } from './http-counters.ts'
import {
  CONNECTIONS_MAX,
  HANDSHAKE_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  HEADERS_TIMEOUT_MS,
  INACTIVE_TIMEOUT_MS,
  TIMEOUT_CHECK_MS,
} from './limits.ts'
import { ServerCertificate, type ServerTls } from './server-certificate.ts'

/** `-httpListenAddr` cannot be understood, or nothing can listen there. */
export class ListenFailed extends PenstockError {
  override readonly name = 'ListenFailed'
  override readonly code = 'FLAG_INVALID'

  constructor(address: string, reason: string, cause?: unknown) {
    super(`cannot listen on -httpListenAddr=${JSON.stringify(address)}: ${reason}`, { cause })
  }
}

export type ListenAddress = { readonly host: string; readonly port: number }

/** One of `-httpListenAddr`. */
export type ListenSpec = {
  /** Such as `:8429`. */
  readonly address: string
  /** Absent for plain HTTP. */
  readonly tls?: ServerTls
}

/** What all addresses have in common. */
export type ListenerOptions = {
  /** Listens on and accepts IPv6 addresses (`-enableTCP6`). */
  readonly ipv6: boolean
  /** How long an idle connection stays open. */
  readonly idleTimeoutMs: number
  /** A connection is closed after the first answer later than this, or up to a tenth more; 0 means never. */
  readonly connTimeoutMs: number
  /** False closes every connection after one answer. */
  readonly keepAlive: boolean
  /** Something that a user should know while the socket listens on. */
  readonly onProblem: (problem: string) => void
}

/** So that clients that came together do not come back together. */
const CONN_TIMEOUT_SPREAD = 0.1

/**
 * Splits `:8429`, `host:8429`, `127.0.0.1:8429` or `[::1]:8429`; port 0 means any free one.
 *
 * @throws {ListenFailed} there is no port, or it is not a number from 0 to 65535
 */
export function parseListenAddress(address: string, ipv6: boolean): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(address) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65535) {
    throw new ListenFailed(address, 'it must look like :8429, 127.0.0.1:8429, name:8429 or [::1]:8429')
  }
  return { host: bracketed || plain || (ipv6 ? '::' : '0.0.0.0'), port }
}

/** One listening socket and its connections. Whoever opens it closes it. */
export class Listener {
  readonly #spec: ListenSpec
  readonly #options: ListenerOptions
  readonly #server: http.Server
  readonly #sockets = new Set<Socket>()
  /** When a connection has lived long enough; of those that have sent a request. */
  readonly #deadlinesMs = new WeakMap<Socket, number>()
  #accepted = 0
  #refused = 0
  #handshakesFailed = 0
  #timedOut = 0
  #closedReadBytes = 0
  #closedWrittenBytes = 0

  private constructor(spec: ListenSpec, options: ListenerOptions) {
    this.#spec = spec
    this.#options = options
    this.#server = spec.tls === undefined ? createHttpServer(options) : createHttpsServer(spec, spec.tls, options)
    this.#server.timeout = INACTIVE_TIMEOUT_MS
    this.#server.maxConnections = CONNECTIONS_MAX
    this.#server.on('connection', socket => this.#adopt(socket))
    this.#server.on('drop', () => this.#refused++)
    this.#server.on('tlsClientError', () => this.#handshakesFailed++)
    this.#server.on('clientError', refuseBroken)
  }

  /** @throws {ListenFailed} the address is wrong, taken or not allowed, or its certificate cannot be used */
  static async open(spec: ListenSpec, options: ListenerOptions, onRequest: http.RequestListener): Promise<Listener> {
    const { host, port } = parseListenAddress(spec.address, options.ipv6)
    const listener = new Listener(spec, options)
    const server = listener.#server
    server.on('request', (request, response) => {
      if (listener.#isLast(request.socket)) response.setHeader('connection', 'close')
      onRequest(request, response)
    })
    server.listen({ host, port })
    try {
      await once(server, 'listening')
    } catch (error) {
      throw new ListenFailed(
        spec.address,
        `${(error as Error).message}; choose another address or free this one`,
        error,
      )
    }
    server.on('error', error => options.onProblem(`cannot accept a connection: ${error.message}`))
    return listener
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  counts(): ListenerCounts {
    let readBytes = this.#closedReadBytes
    let writtenBytes = this.#closedWrittenBytes
    for (const socket of this.#sockets) {
      readBytes += socket.bytesRead
      writtenBytes += socket.bytesWritten
    }
    return {
      address: this.#spec.address,
      connections: this.#sockets.size,
      accepted: this.#accepted,
      refused: this.#refused,
      handshakesFailed: this.#handshakesFailed,
      timedOut: this.#timedOut,
      readBytes,
      writtenBytes,
    }
  }

  /** Accepts no more, lets running requests finish for `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeIdleConnections()
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, graceMs)
    await closed
    clearTimeout(cut)
    // The server says that it is closed one turn before its last sockets do.
    await Promise.all([...this.#sockets].map(socket => new Promise(resolve => socket.once('close', resolve))))
  }

  #adopt(socket: Socket): void {
    this.#accepted += 1
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#closedReadBytes += socket.bytesRead
      this.#closedWrittenBytes += socket.bytesWritten
    })
  }

  /** Whether the request that came is the last one of its connection. */
  #isLast(socket: Socket): boolean {
    const { keepAlive, connTimeoutMs } = this.#options
    if (!keepAlive) return true
    if (connTimeoutMs === 0) return false
    const nowMs = performance.now()
    const deadlineMs = this.#deadlinesMs.get(socket)
    if (deadlineMs === undefined) {
      this.#deadlinesMs.set(socket, nowMs + connTimeoutMs * (1 + CONN_TIMEOUT_SPREAD * Math.random()))
      return false
    }
    if (nowMs < deadlineMs) return false
    this.#timedOut++
    return true
  }
}

function serverOptions({ idleTimeoutMs }: ListenerOptions): http.ServerOptions {
  return {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // A body that is pushed may take as long as its client goes on sending.
    requestTimeout: 0,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    keepAliveTimeout: idleTimeoutMs,
  }
}

function createHttpServer(options: ListenerOptions): http.Server {
  // An import statement would read every export of the module, among them a WebSocket client that takes 4 MiB.
  return process.getBuiltinModule('node:http').createServer(serverOptions(options))
}

/** @throws {ListenFailed} */
function createHttpsServer(spec: ListenSpec, serverTls: ServerTls, options: ListenerOptions): http.Server {
  const certificate = new ServerCertificate(serverTls, options.onProblem)
  try {
    const context = { ...certificate.options(), handshakeTimeout: HANDSHAKE_TIMEOUT_MS }
    const server = process.getBuiltinModule('node:https').createServer({ ...serverOptions(options), ...context })
    server.prependListener('connection', () => certificate.refresh(server as tls.Server))
    return server as unknown as http.Server
  } catch (error) {
    throw new ListenFailed(spec.address, (error as Error).message, error)
  }
}
