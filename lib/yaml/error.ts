import { PenstockError } from '../../shared/errors.ts'

/** Where something stands in a file; lines and columns count from 1. */
export type Place = { readonly file: string; readonly line: number; readonly column: number }

/** A configuration that cannot be used; the message begins with the place: `file:line:column: …`. */
export class ConfigError extends PenstockError {
  override readonly name = 'ConfigError'
  override readonly code = 'CONFIG_INVALID'
  readonly place: Place

  constructor(place: Place, problem: string, options?: ErrorOptions) {
    super(`${place.file}:${place.line}:${place.column}: ${problem}`, options)
    this.place = place
  }
}
