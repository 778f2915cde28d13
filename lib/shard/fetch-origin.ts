import type { AnswerHandler, Exchange } from './exchange.ts'
import type { FetchJob } from './fetch-job.ts'
import { HttpExchange } from './http-exchange.ts'
import { HttpsExchange } from './https-exchange.ts'

/** The server that a target's requests go to: its own, or one that a redirect led to. Owns the connection to it. */
export class Origin {
  readonly #job: FetchJob
  readonly #timeoutMs: number
  readonly #foreign: boolean
  readonly #exchange: Exchange
  /** Scheme, host and port. */
  readonly href: string

  /** @param foreign not the target's own host: it gets no credentials */
  constructor(job: FetchJob, timeoutMs: number, url: URL, foreign: boolean) {
    this.#job = job
    this.#timeoutMs = timeoutMs
    this.#foreign = foreign
    this.href = url.origin
    this.#exchange =
      url.protocol === 'http:'
        ? new HttpExchange(url.host, !job.spec.disableKeepAlive, job.memory)
        : new HttpsExchange(url.origin, job, timeoutMs)
  }

  /**
   * Sends a GET; one at a time. The handler may hear of an error before this returns.
   *
   * @throws {SecretUnreadable} retryable
   */
  send(path: string, handler: AnswerHandler): void {
    this.#exchange.send(path, this.#job.headers(this.#timeoutMs, this.#foreign), handler)
  }

  /** Ends what runs on the connection, connecting included; the handler hears nothing any more. */
  abort(): void {
    this.#exchange.abort()
  }

  /** Aborts, and resolves when the connection is gone. The next send would open a new one. */
  close(): Promise<void> {
    return this.#exchange.close()
  }
}
