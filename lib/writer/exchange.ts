import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { PenstockError } from '../../shared/errors.ts'

/** How much of an answer's body is kept for the log; the rest is read and thrown away. */
const EXCERPT_BYTES_MAX = 256
/** An answer longer than this is cut off with its connection: its status is known. */
const ANSWER_BYTES_MAX = 64 * 1024
/** With these a connection breaks that the other side has closed. */
const CLOSED_CODES: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/** What became of one request. */
export type SendOutcome =
  | {
      readonly type: 'answered'
      readonly status: number
      readonly retryAfter: string | undefined
      /** Beginning of the answer's body. */
      readonly excerpt: string
    }
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

/**
 * One request and its answer, settled once. The body is sent as it lies, without a copy, and may be overwritten
 * afterwards; so whatever settles the exchange before all of it is sent ends the connection too.
 */
export class Exchange {
  readonly #resolve: (outcome: SendOutcome) => void
  readonly #timer: NodeJS.Timeout
  #request: ClientRequest | undefined
  #response: IncomingMessage | undefined
  #excerpt = ''
  #answerBytes = 0
  #isSettled = false

  /** @param resolve called once */
  constructor(sendTimeoutMs: number, resolve: (outcome: SendOutcome) => void) {
    this.#resolve = resolve
    this.#timer = setTimeout(() => this.abandon(new SendTimeout(sendTimeoutMs)), sendTimeoutMs)
  }

  /** @throws what makes a request impossible: headers that are none, certificates that cannot be read */
  start(options: RequestOptions, body: Uint8Array): void {
    this.#request = request(options)
    this.#request.on('response', response => this.#begin(response))
    this.#request.on('error', error => this.#fail(error))
    // Comes last and mostly late. Switching protocols, which nobody asked for, is no error but ends here as well.
    this.#request.on('close', () => this.#fail(new Error('the server gave up HTTP')))
    this.#request.end(body)
  }

  /** Gives up, whatever has been answered so far. */
  abandon(error: Error): void {
    this.#settle({ type: 'unanswered', error, wasStale: false })
  }

  #begin(response: IncomingMessage): void {
    this.#response = response
    response.on('data', chunk => this.#read(chunk))
    response.on('end', () => this.#answer(response))
    response.on('error', error => this.#fail(error))
  }

  #read(chunk: Buffer): void {
    if (this.#answerBytes < EXCERPT_BYTES_MAX) {
      this.#excerpt += chunk.toString('utf8', 0, EXCERPT_BYTES_MAX - this.#answerBytes)
    }
    this.#answerBytes += chunk.length
    if (this.#answerBytes > ANSWER_BYTES_MAX) this.#answer(this.#response!)
  }

  #answer(response: IncomingMessage): void {
    this.#settle({
      type: 'answered',
      status: response.statusCode!,
      retryAfter: response.headers['retry-after'],
      excerpt: this.#excerpt.trim(),
    })
  }

  /** A server may refuse a body before it has read it, and close: what it has said by then counts. */
  #fail(error: NodeJS.ErrnoException): void {
    if (this.#response !== undefined) {
      this.#answer(this.#response)
      return
    }
    const wasStale = this.#request!.reusedSocket && CLOSED_CODES.has(error.code)
    this.#settle({ type: 'unanswered', error, wasStale })
  }

  #settle(outcome: SendOutcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    clearTimeout(this.#timer)
    // Closes the connection at once, unless request and answer are complete: then it has been released for the next.
    this.#request?.destroy()
    this.#resolve(outcome)
  }
}
