import { once } from 'node:events'
import type http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { PenstockError } from '../../shared/errors.ts'
import type { ListenerCounts } from './http-counters.ts'

/** `-httpListenAddr` cannot be understood, or nothing can listen there. */
export class ListenFailed extends PenstockError {
  override readonly name = 'ListenFailed'
  override readonly code = 'FLAG_INVALID'

  constructor(address: string, reason: string, cause?: unknown) {
    super(`cannot listen on -httpListenAddr=${JSON.stringify(address)}: ${reason}`, { cause })
  }
}

export type ListenAddress = { readonly host: string; readonly port: number }

export type ListenerOptions = {
  /** Listens on and accepts IPv6 addresses (`-enableTCP6`). */
  readonly ipv6: boolean
  /** How long an idle connection stays open. */
  readonly idleTimeoutMs: number
  /** Called when accepting a connection fails, for lack of file descriptors for example; the socket listens on. */
  readonly onAcceptError: (error: Error) => void
}

/** Limits of a connection; a client that is slower or larger has its connection closed. */
const HEADER_BYTES_MAX = 16 * 1024
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 60_000
const INACTIVE_TIMEOUT_MS = 120_000
const CONNECTIONS_MAX = 4096

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
  readonly #server: http.Server
  readonly #configured: string
  readonly #sockets = new Set<Socket>()
  #accepted = 0
  #closedReadBytes = 0
  #closedWrittenBytes = 0

  private constructor(configured: string, server: http.Server) {
    this.#configured = configured
    this.#server = server
    server.on('connection', socket => this.#adopt(socket))
  }

  /** @throws {ListenFailed} the address is wrong, taken or not allowed */
  static async open(address: string, options: ListenerOptions, onRequest: http.RequestListener): Promise<Listener> {
    const { host, port } = parseListenAddress(address, options.ipv6)
    // An import statement would read every export of the module, among them a WebSocket client that takes 4 MiB.
    const { createServer } = process.getBuiltinModule('node:http')
    const server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        keepAliveTimeout: options.idleTimeoutMs,
      },
      onRequest,
    )
    server.timeout = INACTIVE_TIMEOUT_MS
    server.maxConnections = CONNECTIONS_MAX
    const listener = new Listener(address, server)
    server.listen({ host, port })
    try {
      await once(server, 'listening')
    } catch (error) {
      throw new ListenFailed(address, `${(error as Error).message}; choose another address or free this one`, error)
    }
    server.on('error', options.onAcceptError)
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
      address: this.#configured,
      connections: this.#sockets.size,
      accepted: this.#accepted,
      readBytes,
      writtenBytes,
    }
  }

  /** Accepts no more, lets running requests finish for `graceMs`, then cuts what is left. */
  async close(graceMs: number): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeIdleConnections()
    const cut = setTimeout(() => this.#server.closeAllConnections(), graceMs)
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
}
