import type { Client, Dispatcher } from 'undici'
import type { FetchJob } from './fetch-job.ts'

/** The server that a target's requests go to: its own, or one that a redirect led to. Owns the connection to it. */
export class Origin {
  readonly href: string
  /** True while the connection is thought to be open and idle: the exchange before this one ended well. */
  warm = false
  readonly #job: FetchJob
  readonly #timeoutMs: number
  readonly #foreign: boolean
  readonly #options: Dispatcher.DispatchOptions
  #client: Client | undefined

  /**
   * @param href scheme, host and port
   * @param foreign not the target's own host: it gets no credentials
   */
  constructor(job: FetchJob, timeoutMs: number, href: string, foreign: boolean) {
    this.#job = job
    this.#timeoutMs = timeoutMs
    this.href = href
    this.#foreign = foreign
    this.#options = { method: 'GET', path: '/', headers: [], reset: job.spec.disableKeepAlive }
  }

  /**
   * Sends a GET; one at a time.
   *
   * @throws {SecretUnreadable} retryable; other errors, such as of a header that HTTP does not allow, go to the handler
   */
  dispatch(path: string, handler: Dispatcher.DispatchHandler): void {
    this.#options.path = path
    this.#options.headers = this.#job.headers(this.#timeoutMs, this.#foreign)
    this.#client ??= this.#job.openClient(this.href, this.#timeoutMs)
    this.#client.dispatch(this.#options, handler)
  }

  /** Ends what runs on the connection, connecting included. The next dispatch opens a new one. */
  async close(reason: Error | null = null): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.warm = false
    await client?.destroy(reason)
  }
}
