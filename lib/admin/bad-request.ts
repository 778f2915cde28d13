import { PenstockError } from '../../shared/errors.ts'

/** A request that cannot be answered as it is; the message begins with the argument or header at fault. */
export class BadRequest extends PenstockError {
  override readonly name = 'BadRequest'
  override readonly code = 'REQUEST_INVALID'
}
