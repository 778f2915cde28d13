import { PenstockError } from '../../../shared/errors.ts'

export type DiscoveryFailedOptions = ErrorOptions & {
  /** How long the other side wants to be left alone. */
  readonly retryAfterMs?: number | undefined
}

/** A source of targets or of configuration that could not be reached. */
export class DiscoveryFailed extends PenstockError {
  override readonly name = 'DiscoveryFailed'
  override readonly code = 'DISCOVERY_FAILED'
  override readonly retryable = true
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: DiscoveryFailedOptions = {}) {
    super(message, options)
    this.retryAfterMs = options.retryAfterMs
  }
}
