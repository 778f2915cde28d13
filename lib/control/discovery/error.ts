import { PenstockError } from '../../../shared/errors.ts'

/** A source of targets or of configuration that could not be reached. */
export class DiscoveryFailed extends PenstockError {
  override readonly name = 'DiscoveryFailed'
  override readonly code = 'DISCOVERY_FAILED'
  override readonly retryable = true
}
