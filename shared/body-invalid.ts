import { PenstockError } from './errors.ts'

/** A body that its receiver cannot read. `offset` counts bytes from the start of what was being read. */
export class BodyInvalid extends PenstockError {
  override readonly name = 'BodyInvalid'
  override readonly code = 'BODY_INVALID'
  readonly offset: number

  constructor(problem: string, offset: number) {
    super(`${problem} at byte ${offset}`)
    this.offset = offset
  }
}
