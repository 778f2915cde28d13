import { PenstockError } from '../../shared/errors.ts'

/** A relabeling rule that cannot be used. */
export class RelabelError extends PenstockError {
  override readonly name = 'RelabelError'
  override readonly code = 'RELABEL_INVALID'
  /** The field of the rule that is at fault, in the spelling of the configuration. */
  readonly field: string

  /** Place within the list in that field, from 0, where it is known. */
  readonly item: number | undefined

  constructor(field: string, message: string, options?: ErrorOptions & { readonly item?: number }) {
    super(message, options)
    this.field = field
    this.item = options?.item
  }
}
