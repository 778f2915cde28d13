import assert from 'node:assert/strict'
import { PenstockError } from '../../shared/errors.ts'
import { isForeign, isRedirect, REDIRECTS_MAX, redirectUrl } from '../../shared/redirect.ts'
import type { TargetSpec } from '../../shared/target.ts'
import type { AnswerHandler, AnswerHead } from './exchange.ts'
import type { FetchJob } from './fetch-job.ts'
import { Origin } from './fetch-origin.ts'
import { Pieces } from './pieces.ts'
import {
  BodyTooLarge,
  TargetBody,
  TargetConnection,
  TargetRefused,
  TargetStatus,
  TargetTimeout,
} from './target-errors.ts'

/** Content encodings that a body may have. */
export type BodyEncoding = 'identity' | 'gzip'

/** Hears how fetches end: exactly one of `fetched` and `failed` for each start, never from within `start()`. */
export interface FetchOwner {
  /** The whole body arrived with status 200. What the client shows of it holds until its next start() or release(). */
  fetched(client: TargetClient): void
  /** Nothing is kept of the body. */
  failed(client: TargetClient, error: PenstockError): void
  /** Bytes of received bodies that are kept in memory changed by `delta`. */
  bodyBytesChanged(delta: number): void
}

/** How much is read of a body that nobody wants, to keep its connection. */
const DRAIN_BYTES_MAX = 64 * 1024

/**
 * Fetches one target, again and again, over a connection that is kept in between. It is itself the handler of its
 * exchanges, which makes a fetch cost hardly an object.
 *
 * Only status 200 is success. `timeoutMs` covers everything from start() to the last byte of the body, redirects and the
 * one retry included: a request on a kept connection that ends without any answer is sent once more on a new one.
 */
export class TargetClient implements AnswerHandler {
  readonly target: TargetSpec
  encoding: BodyEncoding = 'identity'
  /** As sent; empty if missing. */
  contentType = ''
  readonly #job: FetchJob
  readonly #owner: FetchOwner
  readonly #body: Pieces
  #phase: 'idle' | 'running' | 'settled' | 'closed' = 'idle'
  /** Undefined if the target's URL is none. */
  readonly #home: Origin | undefined
  readonly #path: string
  /** The server that the last redirect to another one led to; kept, for it is likely to be asked next time too. */
  #elsewhere: Origin | undefined

  // Of the exchange that runs:
  #origin: Origin | undefined
  #timer: NodeJS.Timeout | undefined
  #answered = false
  #retried = false
  #redirects = 0
  /** Credentials that are waited for before the request is sent. */
  #waiting: Promise<void> | undefined
  /** Where the request goes if not to the target's own URL. */
  #redirected: URL | undefined
  /** Where to go when this answer ended. */
  #next: URL | undefined
  /** Known as soon as the fetch cannot succeed any more. */
  #failure: PenstockError | undefined
  #drainedBytes = 0

  constructor(target: TargetSpec, job: FetchJob, owner: FetchOwner) {
    this.target = target
    this.#job = job
    this.#owner = owner
    this.#body = new Pieces(job.memory)
    const url = URL.parse(target.url)
    this.#path = url === null ? '' : url.pathname + url.search
    this.#home = url === null ? undefined : new Origin(job, target.timeoutMs, url, false)
  }

  /** The body as received, in order. */
  get chunks(): readonly Uint8Array[] {
    return this.#body.pieces
  }

  /** Size of the body as received. */
  get wireBytes(): number {
    return this.#body.sizeBytes
  }

  /** Sends a GET; one at a time (asserted). The owner hears of its end. */
  start(): void {
    assert(this.#phase === 'idle', 'a fetch starts while another one of the target runs, or after close()')
    this.release()
    this.#phase = 'running'
    this.#failure = undefined
    this.#retried = false
    this.#redirects = 0
    this.#redirected = undefined
    this.#timer = setTimeout(TargetClient.#expire, this.target.timeoutMs, this)
    this.#origin = this.#home
    if (this.target.refusal === undefined) this.#send()
    else this.#settle(new TargetRefused(this.target.refusal))
  }

  /** Lets the body go. */
  release(): void {
    if (this.#body.sizeBytes === 0) return
    this.#owner.bodyBytesChanged(-this.#body.sizeBytes)
    this.#body.clear()
  }

  /** Aborts what runs, of which the owner hears nothing any more, lets the body go and closes the connections. */
  async close(): Promise<void> {
    this.#phase = 'closed'
    this.#waiting = undefined
    this.release()
    clearTimeout(this.#timer)
    await Promise.all([this.#home?.close(), this.#elsewhere?.close()])
  }

  onHead(head: AnswerHead): void {
    this.#answered = true
    if (head.status === 200) this.#expectBody(head)
    else if (isRedirect(head.status) && this.#job.spec.followRedirects) this.#redirect(head)
    else this.#failure = new TargetStatus(this.#place(), head.status)
    // A body that cannot be used is not waited for. That of another status is short, and reading it keeps the connection.
    if (this.#failure !== undefined && head.status === 200) this.#abort()
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    if (this.#failure !== undefined || this.#next !== undefined) {
      this.#drainedBytes += end - start
      if (this.#drainedBytes > DRAIN_BYTES_MAX) this.#abort()
      return
    }
    this.#body.append(bytes, start, end)
    this.#owner.bodyBytesChanged(end - start)
    if (this.#body.sizeBytes > this.target.maxBodyBytes) {
      this.#failure = this.#tooLarge()
      this.#abort()
    }
  }

  onEnd(): void {
    this.#conclude()
  }

  onError(reason: unknown, wasStale: boolean): void {
    if (this.#failure === undefined && wasStale && !this.#retried) {
      this.#retried = true
      process.nextTick(TargetClient.#resend, this)
      return
    }
    if (this.#failure === undefined && this.#next === undefined) this.#failure = this.#describe(reason)
    this.#conclude()
  }

  /** Takes over what the head says about the body, or finds out why it cannot be used. */
  #expectBody(head: AnswerHead): void {
    const encoding = head.contentEncoding.toLowerCase()
    this.contentType = head.contentType
    if (encoding === 'gzip' || encoding === 'x-gzip') this.encoding = 'gzip'
    else if (encoding === 'identity' || encoding === '') this.encoding = 'identity'
    else this.#failure = new TargetBody(`${this.#place()} sends content encoding ${encoding}; gzip or none is expected`)
    if ((head.contentLength ?? 0) > this.target.maxBodyBytes) this.#failure = this.#tooLarge()
  }

  #redirect({ status, location }: AnswerHead): void {
    const place = this.#place()
    const url = redirectUrl(location, this.#redirected?.href ?? this.target.url)
    if (url === undefined) {
      this.#failure = new TargetStatus(place, status, `cannot follow Location: ${location ?? 'none was sent'}`)
    } else if (this.#redirects === REDIRECTS_MAX) {
      this.#failure = new TargetStatus(place, status, `this is one redirect more than ${REDIRECTS_MAX}`)
    } else {
      this.#next = url
    }
  }

  /** Credentials may have to be fetched first. */
  #send(): void {
    if (this.#origin === undefined) {
      this.#settle(new TargetConnection(this.target.url, 'this is not a URL'))
      return
    }
    const waiting = this.#job.ready()
    if (waiting === undefined) {
      this.#sendNow()
      return
    }
    this.#waiting = waiting
    // Many fetches wait for the same, and this one may wait again after it has timed out.
    const isWaiting = () => {
      const isWaiting = this.#waiting === waiting
      if (isWaiting) this.#waiting = undefined
      return isWaiting
    }
    waiting.then(
      () => isWaiting() && this.#sendNow(),
      error => isWaiting() && this.#settle(this.#describe(error)),
    )
  }

  #sendNow(): void {
    this.#answered = false
    this.#drainedBytes = 0
    this.#next = undefined
    const path = this.#redirected === undefined ? this.#path : this.#redirected.pathname + this.#redirected.search
    try {
      this.#origin!.send(path, this)
    } catch (error) {
      this.#settle(this.#describe(error))
    }
  }

  /** The rest of the answer is of no use, or will not come in time. */
  #abort(): void {
    this.#origin!.abort()
    this.#conclude()
  }

  /** The exchange is over: the fetch goes on elsewhere, or it is over too. */
  #conclude(): void {
    if (this.#failure !== undefined || this.#next === undefined) this.#settle(this.#failure)
    else this.#follow(this.#next)
  }

  #follow(url: URL): void {
    const own = new URL(this.target.url)
    this.#redirects++
    this.#redirected = url
    if (url.origin === own.origin) this.#origin = this.#home
    else if (url.origin === this.#elsewhere?.href) this.#origin = this.#elsewhere
    else {
      void this.#elsewhere?.close()
      this.#elsewhere = new Origin(this.#job, this.target.timeoutMs, url, isForeign(own, url))
      this.#origin = this.#elsewhere
    }
    process.nextTick(TargetClient.#resend, this)
  }

  #settle(failure: PenstockError | undefined): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting = undefined
    this.#next = undefined
    this.#failure = failure
    this.#phase = 'settled'
    process.nextTick(TargetClient.#report, this)
  }

  #describe(error: unknown): PenstockError {
    if (error instanceof PenstockError) return error
    if (!this.#answered) return new TargetConnection(this.#place(), error)
    return new TargetBody(`the body of ${this.#place()} ended after ${this.wireBytes} bytes`, error)
  }

  #tooLarge(): BodyTooLarge {
    return new BodyTooLarge(`the body of ${this.#place()}`, this.target.maxBodyBytes)
  }

  /** The URL that is asked, for messages. */
  #place(): string {
    if (this.#redirected === undefined) return this.target.url
    return `${this.#redirected.href} (redirected from ${this.target.url})`
  }

  static #expire(client: TargetClient): void {
    client.#failure ??= new TargetTimeout(client.#place(), client.target.timeoutMs)
    client.#abort()
  }

  // The following run outside of the exchange's call stack: it must not be entered again while it parses, and must not
  // take an exception of the owner for one of its own.

  static #resend(client: TargetClient): void {
    if (client.#phase === 'running') client.#send()
  }

  static #report(client: TargetClient): void {
    if (client.#phase !== 'settled') return
    client.#phase = 'idle'
    const failure = client.#failure
    if (failure === undefined) {
      client.#owner.fetched(client)
      return
    }
    client.#failure = undefined
    client.release()
    client.#owner.failed(client, failure)
  }
}
