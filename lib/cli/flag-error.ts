import { PenstockError } from '../../shared/errors.ts'

/** The command line or the environment asks for something impossible. The process ends with `exitCode`. */
export class FlagError extends PenstockError {
  override readonly name = 'FlagError'
  override readonly code = 'FLAG_INVALID'
  readonly exitCode = 2
}
