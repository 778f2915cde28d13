import { readFileSync, statSync } from 'node:fs'
import { PenstockError } from './errors.ts'
import type { Secret } from './http-spec.ts'

/** How long a file is taken as unchanged without looking at it. */
const CHECK_INTERVAL_MS = 1000

/** A secret's file could not be read, and no earlier content is known. */
export class SecretUnreadable extends PenstockError {
  override readonly name = 'SecretUnreadable'
  override readonly code = 'CONFIG_INVALID'
  override readonly retryable = true
  readonly file: string

  constructor(file: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`cannot read the secret file ${file}: ${reason}; create it or correct its path and permissions`, { cause })
    this.file = file
  }
}

/**
 * Gives the text of a secret: in place, or of a file that may be replaced at any time (rotated tokens, mounted
 * Kubernetes secrets).
 */
export class SecretReader {
  readonly #file: string | undefined
  readonly #nowMs: () => number
  #value: string | undefined
  #checkedMs = Number.NEGATIVE_INFINITY
  /** Identity, size and times of the file that `#value` was read from. */
  #stamp = ''

  /** @param nowMs a monotonic clock in milliseconds; given by tests */
  constructor(secret: Secret, nowMs: () => number = () => performance.now()) {
    this.#file = 'file' in secret ? secret.file : undefined
    this.#value = 'file' in secret ? undefined : secret.value
    this.#nowMs = nowMs
  }

  /**
   * The current text. A file's trailing white space is not part of it. A file is looked at once a second at most and
   * read again only if it changed; while it cannot be read, its last known text holds.
   *
   * @throws {SecretUnreadable} retryable; the file was never readable so far
   */
  read(): string {
    if (this.#file === undefined) return this.#value!
    const nowMs = this.#nowMs()
    if (this.#value !== undefined && nowMs - this.#checkedMs < CHECK_INTERVAL_MS) return this.#value
    this.#checkedMs = nowMs
    return this.#refresh(this.#file)
  }

  #refresh(file: string): string {
    try {
      // The stamp is taken before the content: a write in between shows as a change at the next look.
      const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
      const stamp = `${ino} ${size} ${mtimeNs} ${ctimeNs}`
      if (this.#value === undefined || stamp !== this.#stamp) {
        this.#value = readFileSync(file, 'utf8').trimEnd()
        this.#stamp = stamp
      }
      return this.#value
    } catch (error) {
      if (this.#value === undefined) throw new SecretUnreadable(file, error)
      return this.#value
    }
  }
}
