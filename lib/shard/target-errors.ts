import { PenstockError } from '../../shared/errors.ts'
import type { Violation } from './series-checks.ts'

/** A target did not give its whole body in time. */
export class TargetTimeout extends PenstockError {
  override readonly name = 'TargetTimeout'
  override readonly code = 'TARGET_TIMEOUT'
  override readonly retryable = true
  readonly timeoutMs: number

  constructor(url: string, timeoutMs: number) {
    super(`${url} did not answer in full within ${timeoutMs} ms; raise its scrape_timeout or look why it is slow`)
    this.timeoutMs = timeoutMs
  }
}

/** A target answered, but not with 200. */
export class TargetStatus extends PenstockError {
  override readonly name = 'TargetStatus'
  override readonly code = 'TARGET_STATUS'
  override readonly retryable = true
  readonly status: number

  /** @param detail what is wrong besides the status, such as a redirect that cannot be followed */
  constructor(url: string, status: number, detail = '') {
    super(`${url} answered with status ${status}, 200 is expected${detail && `: ${detail}`}`)
    this.status = status
  }
}

/** A target could not be asked: no connection, or it ended before the answer began. */
export class TargetConnection extends PenstockError {
  override readonly name = 'TargetConnection'
  override readonly code = 'TARGET_CONNECTION'
  override readonly retryable = true

  constructor(url: string, cause: unknown) {
    super(`cannot get ${url}: ${messageOf(cause)}`, { cause })
  }
}

/** A body is not what its headers promise: cut short, damaged, or of an unknown encoding. */
export class TargetBody extends PenstockError {
  override readonly name = 'TargetBody'
  override readonly code = 'TARGET_BODY'
  override readonly retryable = true

  constructor(message: string, cause?: unknown) {
    super(cause === undefined ? message : `${message}: ${messageOf(cause)}`, { cause })
  }
}

/** A body has more bytes than its target may send, on the wire or inflated. */
export class BodyTooLarge extends PenstockError {
  override readonly name = 'BodyTooLarge'
  override readonly code = 'BODY_TOO_LARGE'
  readonly bodyBytesMax: number

  /** @param body which one: `the body of http://…` */
  constructor(body: string, bodyBytesMax: number) {
    super(`${body} has more than ${bodyBytesMax} bytes; raise max_scrape_size or split the target`)
    this.bodyBytesMax = bodyBytesMax
  }
}

/** A target is not to be asked. */
export class TargetRefused extends PenstockError {
  override readonly name = 'TargetRefused'
  override readonly code = 'TARGET_REFUSED'
}

/** Several addresses tried for one host make an AggregateError, whose own message is empty. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}

/** A scrape goes over a limit of its target, so that none of its samples count. */
export class LimitExceeded extends PenstockError {
  override readonly name = 'LimitExceeded'
  override readonly code = 'LIMIT_EXCEEDED'
  /** Name of the field that sets the limit. */
  readonly limit: string
  /** What the auto metrics say of the scrape nevertheless. */
  readonly counts: { readonly scraped: number; readonly kept: number }

  constructor({ limit, found, allowed }: Violation, counts: LimitExceeded['counts']) {
    super(`the target exceeds its ${limit}: ${found} against ${allowed} allowed; raise it or drop what is not needed`)
    this.limit = limit
    this.counts = counts
  }
}
