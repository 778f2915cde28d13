import { PenstockError } from '../../../shared/errors.ts'

/** A pushed body is not what its Content-Encoding says: damaged, or cut short. What came before that was taken. */
export class PushDamaged extends PenstockError {
  override readonly name = 'PushDamaged'
  override readonly code = 'BODY_INVALID'
}

/** A pushed body is larger, decoded, than one may be. */
export class PushTooLarge extends PenstockError {
  override readonly name = 'PushTooLarge'
  override readonly code = 'BODY_TOO_LARGE'
}

/** The client has gone, or the shard stops, before all of a body was taken. */
export class PushCutOff extends PenstockError {
  override readonly name = 'PushCutOff'
  override readonly code = 'PUSH_CUT_OFF'
  override readonly retryable = true
}
