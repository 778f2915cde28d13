import { type buildConnector, Client, type Dispatcher } from 'undici'
import { Authorizer } from '../../shared/authorize.ts'
import { PenstockError } from '../../shared/errors.ts'
import type { AuthSpec } from '../../shared/http-spec.ts'
import type { DestinationSpec } from '../../shared/protocol.ts'
import { tlsConnector } from '../../shared/tls.ts'

/** How much of an answer's body is kept for the log; the rest is read and thrown away. */
const EXCERPT_BYTES_MAX = 256
/** An answer longer than this is cut off with its connection: its status is known. */
const ANSWER_BYTES_MAX = 64 * 1024
/** Long enough that a destination with an interval of a minute keeps its connections. */
const KEEP_ALIVE_MS = 90_000

/** What became of one request. */
export type SendOutcome =
  | {
      readonly type: 'answered'
      readonly status: number
      readonly retryAfter: string | undefined
      /** Beginning of the answer's body. */
      readonly excerpt: string
    }
  | { readonly type: 'unanswered'; readonly error: Error }

/** The destination took longer than `sendTimeoutMs`, connecting included. */
export class SendTimeout extends PenstockError {
  override readonly name = 'SendTimeout'
  override readonly code = 'REMOTE_UNREACHABLE'
  override readonly retryable = true

  constructor(sendTimeoutMs: number) {
    super(`no answer within ${sendTimeoutMs} ms; see -remoteWrite.sendTimeout`)
  }
}

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
  readonly #spec: DestinationSpec
  readonly #path: string
  readonly #origin: string
  readonly #connect: buildConnector.connector
  /** By lane, made when the lane first sends. */
  readonly #clients: (Client | undefined)[] = []
  readonly #headers: readonly string[]
  readonly #authorizer: Authorizer | undefined

  /** @throws {RemoteUrlInvalid} */
  constructor(spec: DestinationSpec) {
    const url = URL.parse(spec.url)
    if (url === null || !/^https?:$/.test(url.protocol)) throw new RemoteUrlInvalid(spec.name)
    this.#spec = spec
    this.#path = url.pathname + url.search
    this.#headers = requestHeaders(spec)
    const auth = spec.http.auth ?? urlAuth(url)
    this.#authorizer = auth && new Authorizer(auth)
    this.#origin = url.origin
    this.#connect = tlsConnector(spec.http.tls, { timeout: spec.sendTimeoutMs })
  }

  /** Sends one block's body; never rejects. `body` is read until the promise resolves. One call a lane at a time. */
  send(lane: number, body: Uint8Array): Promise<SendOutcome> {
    return new Promise(resolve => {
      const answer = new Answer(resolve)
      const timer = setTimeout(() => {
        answer.abandon(new SendTimeout(this.#spec.sendTimeoutMs))
      }, this.#spec.sendTimeoutMs)
      answer.onSettled = () => clearTimeout(timer)
      try {
        const authorization = this.#authorizer?.header()
        const headers = authorization === undefined ? this.#headers : [...this.#headers, 'Authorization', authorization]
        this.#client(lane).dispatch({ method: 'POST', path: this.#path, headers: headers as string[], body }, answer)
      } catch (error) {
        answer.onResponseError(undefined, error as Error)
      }
    })
  }

  /** Ends the requests under way as unanswered and closes all connections. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map(client => client?.destroy()))
  }

  #client(lane: number): Client {
    const client =
      this.#clients[lane] ??
      new Client(this.#origin, {
        connect: this.#connect,
        keepAliveTimeout: KEEP_ALIVE_MS,
        // One timer over the whole request stands for these.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
    this.#clients[lane] = client
    return client
  }
}

/** Follows one request and settles its outcome once. */
class Answer implements Dispatcher.DispatchHandler {
  onSettled = () => {}
  readonly #resolve: (outcome: SendOutcome) => void
  #controller: Dispatcher.DispatchController | undefined
  #abandoned: Error | undefined
  #status = 0
  #retryAfter: string | undefined
  #excerpt = ''
  #bytes = 0
  #isSettled = false

  constructor(resolve: (outcome: SendOutcome) => void) {
    this.#resolve = resolve
  }

  /** Gives up, even if the request still waits for a connection: then it is cancelled before it starts. */
  abandon(error: Error): void {
    this.#abandoned = error
    this.#controller?.abort(error)
    this.#settle({ type: 'unanswered', error })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#abandoned !== undefined) controller.abort(this.#abandoned)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status
    const retryAfter = headers['retry-after']
    this.#retryAfter = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#bytes < EXCERPT_BYTES_MAX) this.#excerpt += chunk.toString('utf8', 0, EXCERPT_BYTES_MAX - this.#bytes)
    this.#bytes += chunk.length
    if (this.#bytes <= ANSWER_BYTES_MAX) return
    this.onResponseEnd()
    controller.abort(new Error(`answer longer than ${ANSWER_BYTES_MAX} B`))
  }

  onResponseEnd(): void {
    this.#settle({
      type: 'answered',
      status: this.#status,
      retryAfter: this.#retryAfter,
      excerpt: this.#excerpt.trim(),
    })
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#settle({ type: 'unanswered', error })
  }

  #settle(outcome: SendOutcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.onSettled()
    this.#resolve(outcome)
  }
}

/** Names and values in turn, as undici takes them. Those of the protocol win over the user's, the user's last over first. */
function requestHeaders(spec: DestinationSpec): readonly string[] {
  const headers = new Map<string, readonly [name: string, value: string]>()
  for (const header of spec.http.headers) headers.set(header[0].toLowerCase(), header)
  const own = [
    ['User-Agent', 'vmagent'], // receivers and proxies tell agents apart by it; a drop-in keeps it
    ['Content-Type', 'application/x-protobuf'],
    ['Content-Encoding', 'snappy'],
    ['X-Prometheus-Remote-Write-Version', '0.1.0'],
  ] as const
  for (const header of own) headers.set(header[0].toLowerCase(), header)
  if (spec.http.auth !== undefined) headers.delete('authorization')
  return [...headers.values()].flat()
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
