import type { IncomingHttpHeaders } from 'node:http'
import type { Client, Dispatcher } from 'undici'
import type { Route } from '../../shared/proxy.ts'
import type { AnswerHandler, AnswerHead, Exchange } from './exchange.ts'
import type { FetchJob } from './fetch-job.ts'
import type { RequestHeaders } from './job-headers.ts'

/** The other side closed a connection that it had kept open; the request may have crossed that on its way. */
const CLOSED_CODES: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'ECONNABORTED', 'EPIPE'])

/** Exchanges with a server over TLS or through a tunnel, by way of undici. Owns its connection. */
export class UndiciExchange implements Exchange, Dispatcher.DispatchHandler {
  readonly #job: FetchJob
  readonly #timeoutMs: number
  readonly #url: URL
  readonly #route: Route
  readonly #options: Dispatcher.DispatchOptions
  #client: Client | undefined
  /** Of the exchange that runs. */
  #handler: AnswerHandler | undefined
  #controller: Dispatcher.DispatchController | undefined
  /** The connection is thought to be open and idle: the exchange before this one ended well. */
  #warm = false
  #answered = false

  constructor(url: URL, route: Route, job: FetchJob, timeoutMs: number) {
    this.#url = url
    this.#route = route
    this.#job = job
    this.#timeoutMs = timeoutMs
    this.#options = { method: 'GET', path: '/', headers: [], reset: job.spec.disableKeepAlive }
  }

  send(path: string, headers: RequestHeaders, handler: AnswerHandler): void {
    this.#options.path = path
    this.#options.headers = headers
    this.#handler = handler
    this.#controller = undefined
    this.#answered = false
    try {
      this.#client ??= this.#job.openClient(this.#url, this.#route, this.#timeoutMs)
      this.#client.dispatch(this.#options, this)
    } catch (error) {
      this.onResponseError(undefined, error)
    }
  }

  abort(): void {
    const running = this.#handler !== undefined
    const controller = this.#controller
    this.#handler = undefined
    this.#controller = undefined
    this.#warm = false
    // Before the connection is open there is nothing to abort, and only the whole client can be closed.
    if (controller !== undefined) controller.abort(new Error('the exchange is not wanted any more'))
    else if (running) void this.close()
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#handler = undefined
    this.#warm = false
    await client?.destroy()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.#answered = true
    this.#handler?.onHead(headOf(status, headers))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler?.onBody(chunk, 0, chunk.length)
  }

  onResponseEnd(): void {
    const handler = this.#handler
    this.#handler = undefined
    this.#controller = undefined
    this.#warm = !this.#job.spec.disableKeepAlive
    handler?.onEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: unknown): void {
    const handler = this.#handler
    const wasStale = this.#warm && !this.#answered && CLOSED_CODES.has((error as NodeJS.ErrnoException).code)
    this.#handler = undefined
    this.#controller = undefined
    this.#warm = false
    handler?.onError(error, wasStale)
  }
}

function headOf(status: number, headers: IncomingHttpHeaders): AnswerHead {
  const length = headers['content-length']
  return {
    status,
    contentType: first(headers['content-type']),
    contentEncoding: String(headers['content-encoding'] ?? ''),
    location: headers.location === undefined ? undefined : first(headers.location),
    contentLength: length === undefined ? undefined : Number(length),
  }
}

/** undici gives a list of a header that comes more than once. */
function first(value: string | readonly string[] | undefined): string {
  return (typeof value === 'string' ? value : value?.[0]) ?? ''
}
