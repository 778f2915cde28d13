import assert from 'node:assert'
import type { OnReadOpts, Socket } from 'node:net'
import { PenstockError } from '../../shared/errors.ts'
import { type Answer, readAnswer } from './answer.ts'

/** An answer longer than this is cut off with its connection: its status is known. */
const ANSWER_BYTES_MAX = 64 * 1024
/** Long enough that a destination with an interval of a minute keeps its connections. */
const IDLE_MS_MAX = 90_000
/** A connection is given up so long before the server would close it, for the request needs its time too. */
const IDLE_MARGIN_MS = 1000
/** Silent connections are probed, so that a block does not find out that the other side is gone. */
const PROBE_MS = 15_000

/** What became of one request. */
export type SendOutcome =
  | ({ readonly type: 'answered' } & Pick<Answer, 'status' | 'retryAfter' | 'excerpt'>)
  | {
      readonly type: 'unanswered'
      readonly error: Error
      /** The server closed a kept connection as the request set out, which says nothing of its health. */
      readonly wasStale: boolean
    }

/** The destination took longer than `sendTimeoutMs`, connecting included. */
export class SendTimeout extends PenstockError {
  override readonly name = 'SendTimeout'
  override readonly code = 'REMOTE_UNREACHABLE'
  override readonly retryable = true

  constructor(sendTimeoutMs: number) {
    super(`no answer within ${sendTimeoutMs} ms; see -remoteWrite.sendTimeout`)
  }
}

/** A connection ended before its answer. */
export class ConnectionClosed extends PenstockError {
  override readonly name = 'ConnectionClosed'
  override readonly code = 'REMOTE_UNREACHABLE'
  override readonly retryable = true

  constructor(closer: 'the server' | 'the agent') {
    super(`${closer} closed the connection`)
  }
}

/** Opens a socket that reads as told; may throw. */
export type SocketOpener = (onread: OnReadOpts) => Socket

/** The request under way. */
type Exchange = { readonly resolve: (outcome: SendOutcome) => void; readonly timer: NodeJS.Timeout }

/**
 * Requests to one server over plain HTTP/1.1 (RFC 9112), straight on a socket, one at a time. The socket is opened when
 * needed and kept in between. Owns it until `close`.
 *
 * Bodies are sent as they lie, without a copy, and may be overwritten as soon as their request is settled; so whatever
 * settles it before all of the body is sent ends the socket first.
 */
export class Connection {
  readonly #open: SocketOpener
  readonly #readBuffer: Buffer
  readonly #nowMs: () => number
  #socket: Socket | undefined
  /** Undefined while nothing is under way. */
  #exchange: Exchange | undefined
  /** The socket has served a request before this one. */
  #isReused = false
  /** When an idle socket is too old for a request. */
  #staleMs = 0
  /** Of the answer to the request under way: a character for each byte. */
  #received = ''
  #answer: Answer | undefined
  #isClosed = false

  /**
   * @param readBuffer may serve many connections: its content is gone with the next read
   * @param nowMs a monotonic clock in milliseconds; given by tests
   */
  constructor(open: SocketOpener, readBuffer: Buffer, nowMs: () => number = () => performance.now()) {
    this.#open = open
    this.#readBuffer = readBuffer
    this.#nowMs = nowMs
  }

  /**
   * Sends one request; never rejects. `body` is read until the promise resolves.
   *
   * @param head with the empty line that ends it
   */
  send(head: string, body: Uint8Array, timeoutMs: number): Promise<SendOutcome> {
    assert(this.#exchange === undefined, 'a connection has one request at a time')
    return new Promise(resolve => {
      const timer = setTimeout(() => this.#giveUp(new SendTimeout(timeoutMs)), timeoutMs)
      this.#exchange = { resolve, timer }
      this.#received = ''
      this.#answer = undefined
      try {
        const socket = this.#ready()
        socket.cork()
        socket.write(head)
        socket.write(body)
        socket.uncork()
      } catch (error) {
        this.#giveUp(error as Error)
      }
    })
  }

  /** Ends the request under way as unanswered, and all that would follow. */
  close(): void {
    this.#isClosed = true
    this.#giveUp(new ConnectionClosed('the agent'))
  }

  #ready(): Socket {
    if (this.#isClosed) throw new ConnectionClosed('the agent')
    if (this.#nowMs() >= this.#staleMs) this.#disconnect()
    this.#isReused = this.#socket !== undefined
    this.#socket ??= this.#connect()
    return this.#socket
  }

  #connect(): Socket {
    const onread = { buffer: this.#readBuffer, callback: (bytes: number) => this.#read(socket, bytes) }
    const socket = this.#open(onread)
    socket.once('connect', () => socket.setNoDelay().setKeepAlive(true, PROBE_MS))
    socket.on('end', () => this.#lose(socket, new ConnectionClosed('the server')))
    socket.on('error', error => this.#lose(socket, error))
    return socket
  }

  #disconnect(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  /** So many bytes are in the read buffer. */
  #read(socket: Socket, bytes: number): boolean {
    if (socket !== this.#socket) return true
    if (this.#exchange === undefined) {
      this.#disconnect() // nobody had asked for anything
      return true
    }
    this.#received += this.#readBuffer.toString('latin1', 0, bytes)
    try {
      this.#answer = readAnswer(this.#received)
    } catch (error) {
      this.#giveUp(error as Error)
      return true
    }
    if (this.#answer === undefined) return true
    if (this.#answer.isComplete || this.#received.length > ANSWER_BYTES_MAX) this.#finish(this.#answer)
    return true
  }

  #finish(answer: Answer): void {
    const isClean = answer.isComplete && this.#socket?.writableLength === 0
    const idleMs = isClean ? Math.min(IDLE_MS_MAX, answer.idleMs - IDLE_MARGIN_MS) : 0
    if (idleMs > 0) this.#staleMs = this.#nowMs() + idleMs
    else this.#disconnect()
    const { status, retryAfter, excerpt } = answer
    this.#settle({ type: 'answered', status, retryAfter, excerpt })
  }

  /** The socket broke. A server may refuse a body before it has read it, and close: what it has said by then counts. */
  #lose(socket: Socket, error: Error): void {
    if (socket !== this.#socket) return
    if (this.#answer !== undefined && this.#exchange !== undefined) this.#finish({ ...this.#answer, isComplete: false })
    else this.#giveUp(error, this.#isReused && this.#received === '')
  }

  #giveUp(error: Error, wasStale = false): void {
    this.#disconnect()
    this.#settle({ type: 'unanswered', error, wasStale })
  }

  #settle(outcome: SendOutcome): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    clearTimeout(exchange?.timer)
    exchange?.resolve(outcome)
  }
}
