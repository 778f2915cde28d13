import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import type { AnswerHandler, Exchange } from './exchange.ts'
import { KEEP_ALIVE_PROBE_MS } from './fetch-job.ts'
import type { FetchMemory } from './fetch-memory.ts'
import { AnswerReader } from './http-answer.ts'
import { headerFault, requestText } from './http-request.ts'
import type { RequestHeaders } from './job-headers.ts'

/** A connection is given up so long before the server would close it, for the request needs its time too. */
const IDLE_MARGIN_MS = 1000

const CLOSED = 'the server closed the connection'

/**
 * Exchanges with a server over plain HTTP/1.1 (RFC 9112), straight on its socket: no more than a scrape needs, for one
 * exists for each target. All sockets of a thread read into the same buffer, out of which a handler copies what it keeps;
 * libuv fills it and calls back in one go. Owns its connection.
 */
export class HttpExchange implements Exchange {
  readonly #memory: FetchMemory
  readonly #reader: AnswerReader
  readonly #host: string
  readonly #peer: string
  readonly #keepAlive: boolean
  #socket: Socket | undefined
  /** Of the exchange that runs. */
  #handler: AnswerHandler | undefined
  /** The connection has served an exchange before this one. */
  #isReused = false
  /** When the server is about to close the idle connection. */
  #staleMs = Number.POSITIVE_INFINITY
  #request = ''
  #requestPath = ''
  #requestHeaders: RequestHeaders | undefined

  /**
   * @param host of a URL: with the port, unless that is 80
   * @param keepAlive false: a connection serves one exchange
   * @param peer whom to connect to; another than `host` if that is a proxy
   */
  constructor(host: string, keepAlive: boolean, memory: FetchMemory, peer = host) {
    this.#host = host
    this.#peer = peer
    this.#keepAlive = keepAlive
    this.#memory = memory
    this.#reader = new AnswerReader(memory)
  }

  send(path: string, headers: RequestHeaders, handler: AnswerHandler): void {
    assert(this.#handler === undefined, 'one exchange at a time')
    const fault = this.#prepare(path, headers)
    if (fault !== undefined) {
      handler.onError(fault, false)
      return
    }
    if (this.#staleMs !== Number.POSITIVE_INFINITY && performance.now() >= this.#staleMs) this.#disconnect()
    this.#isReused = this.#socket !== undefined
    this.#socket ??= this.#connect()
    this.#handler = handler
    this.#reader.begin(handler)
    this.#socket.write(this.#request, 'latin1')
  }

  abort(): void {
    this.#handler = undefined
    this.#disconnect()
  }

  async close(): Promise<void> {
    this.abort()
  }

  /** Makes the text of the request, unless it is that of the last one. */
  #prepare(path: string, headers: RequestHeaders): string | undefined {
    if (headers === this.#requestHeaders && path === this.#requestPath) return undefined
    const fault = headerFault(headers)
    if (fault !== undefined) return fault
    this.#request = requestText(path, this.#host, headers, this.#keepAlive)
    this.#requestPath = path
    this.#requestHeaders = headers
    return undefined
  }

  #connect(): Socket {
    const { hostname, port } = new URL(`http://${this.#peer}`)
    const socket: Socket = connect({
      host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
      port: port === '' ? 80 : Number(port),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
      onread: { buffer: this.#memory.readBuffer, callback: bytes => this.#read(socket, bytes) },
    })
    socket.on('end', () => this.#ended(socket))
    socket.on('error', error => this.#broken(socket, error))
    return socket
  }

  #disconnect(): void {
    this.#socket?.destroy()
    this.#socket = undefined
    this.#staleMs = Number.POSITIVE_INFINITY
    this.#reader.stop()
  }

  /** So many bytes are in the read buffer. */
  #read(socket: Socket, bytes: number): boolean {
    if (socket !== this.#socket) return true
    if (this.#handler === undefined) {
      this.#disconnect() // nobody had asked for anything
      return true
    }
    const end = this.#reader.read(this.#memory.readBuffer, 0, bytes)
    if (socket !== this.#socket) return true // the handler has aborted
    if (this.#reader.fault !== undefined) this.#fail(this.#reader.fault, false)
    else if (this.#reader.isComplete) this.#finish(end === bytes)
    return true
  }

  #ended(socket: Socket): void {
    if (socket !== this.#socket) return
    if (this.#reader.endsWithConnection) this.#finish(false)
    else this.#broken(socket, CLOSED)
  }

  #broken(socket: Socket, reason: unknown): void {
    if (socket === this.#socket) this.#fail(reason, this.#isReused && !this.#reader.hasBegun)
  }

  #fail(reason: unknown, wasStale: boolean): void {
    const handler = this.#handler
    this.abort()
    handler?.onError(reason, wasStale)
  }

  /** @param isClean there is nothing behind the answer that could be taken for the next one */
  #finish(isClean: boolean): void {
    const { isPersistent, idleMs } = this.#reader
    const handler = this.#handler
    this.#handler = undefined
    if (!isClean || !isPersistent || !this.#keepAlive) this.#disconnect()
    else this.#staleMs = idleMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + idleMs - IDLE_MARGIN_MS
    handler?.onEnd()
  }
}
