import { type ErrorCode, PenstockError, type WireError } from '../../../shared/errors.ts'

/** A request that pushes is not taken, or not to its end. */
export class PushRefused extends PenstockError {
  override readonly name = 'PushRefused'
  override readonly code: ErrorCode
  override readonly retryable: boolean

  constructor({ code, retryable, message }: WireError) {
    super(message)
    this.code = code
    this.retryable = retryable
  }

  /** As vmagent answers: 400 for everything that the client has to change, whatever it is; but 413 for a size. */
  get status(): 400 | 413 | 503 {
    if (this.retryable) return 503
    return this.code === 'BODY_TOO_LARGE' ? 413 : 400
  }
}

/** The request itself is wrong. */
export function invalidPush(message: string): PushRefused {
  return new PushRefused({ code: 'PUSH_INVALID', retryable: false, message })
}
