/** Every failure the agent can report. Codes are public: they appear in logs, on `/metrics` and in API answers. */
export type ErrorCode =
  | 'FLAG_INVALID'
  | 'REQUEST_INVALID'
  | 'CONFIG_INVALID'
  | 'RELABEL_INVALID'
  | 'DISCOVERY_FAILED'
  | 'TARGET_REFUSED'
  | 'TARGET_TIMEOUT'
  | 'TARGET_STATUS'
  | 'TARGET_CONNECTION'
  | 'TOKEN_UNAVAILABLE'
  | 'TARGET_BODY'
  | 'BODY_TOO_LARGE'
  | 'BODY_INVALID'
  | 'LIMIT_EXCEEDED'
  | 'PUSH_INVALID'
  | 'PUSH_OVERLOADED'
  | 'PUSH_CUT_OFF'
  | 'REMOTE_REFUSED'
  | 'REMOTE_UNREACHABLE'
  | 'QUEUE_CLOSED'
  | 'WORKER_FAILED'
  | 'DATA_PATH'

/** An error on its way to another thread: structured clone would drop its class and code. */
export type WireError = { readonly code: ErrorCode; readonly retryable: boolean; readonly message: string }

/** Base of all errors that Penstock throws on purpose; anything else that is thrown is a bug. */
export abstract class PenstockError extends Error {
  abstract readonly code: ErrorCode
  /** True if the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean = false

  toWire(): WireError {
    return { code: this.code, retryable: this.retryable, message: this.message }
  }
}
