import type { RequestHeaders } from './job-headers.ts'

/** What a fetch needs of the head of an answer. Valid during the call that shows it. */
export interface AnswerHead {
  readonly status: number
  /** As sent; empty if missing. */
  readonly contentType: string
  /** As sent; empty if missing. */
  readonly contentEncoding: string
  readonly location: string | undefined
  /** Undefined if not announced. */
  readonly contentLength: number | undefined
}

/** Hears the answer to a request: a head, any number of pieces of the body, the end; or an error at any point. */
export interface AnswerHandler {
  /** The head of the answer proper; interim ones are passed over. */
  onHead(head: AnswerHead): void
  /** @param bytes those from `start` to `end` belong to the body; valid during the call */
  onBody(bytes: Buffer, start: number, end: number): void
  /** The whole body was there. */
  onEnd(): void
  /**
   * There will be no more of the answer.
   *
   * @param reason an error, or a sentence
   * @param wasStale the connection was kept from an earlier exchange and ended without a byte of the answer: most
   *   likely the server closed it while the request was on its way
   */
  onError(reason: unknown, wasStale: boolean): void
}

/** Sends GET requests to one server, one at a time, and keeps the connection in between. */
export interface Exchange {
  /** Sends a request; the handler may hear of an error before this returns. */
  send(path: string, headers: RequestHeaders, handler: AnswerHandler): void
  /** Ends what runs, connecting included, with its connection; the handler hears nothing any more. */
  abort(): void
  /** Aborts, and resolves when the connection is gone. */
  close(): Promise<void>
}
