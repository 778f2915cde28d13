import { readFileSync, statSync } from 'node:fs'
import { PenstockError } from './errors.ts'
import { fetchText } from './fetch-text.ts'
import type { Secret } from './http-spec.ts'

/** How long a file is taken as unchanged without looking at it. */
const FILE_CHECK_INTERVAL_MS = 1000
/** How long what a URL gave is taken as unchanged. */
const URL_CHECK_INTERVAL_MS = 10_000
/** A URL that has given nothing so far is asked at most so often. */
const URL_RETRY_INTERVAL_MS = 1000
const URL_TIMEOUT_MS = 10_000

/** A secret's file or URL could not be read, and no earlier content is known. */
export class SecretUnreadable extends PenstockError {
  override readonly name = 'SecretUnreadable'
  override readonly code = 'CONFIG_INVALID'
  override readonly retryable = true
  /** Path or URL. */
  readonly place: string

  constructor(place: string, cause: unknown) {
    super(`cannot read the secret at ${place}: ${messageOf(cause)}; create it or correct its place and permissions`, {
      cause,
    })
    this.place = place
  }
}

/**
 * Gives the text of a secret: in place, or of a file or URL whose content may be replaced at any time (rotated tokens,
 * mounted Kubernetes secrets).
 */
export class SecretReader {
  readonly #secret: Secret
  readonly #nowMs: () => number
  readonly #closing: AbortSignal | undefined
  #value: string | undefined
  #checkedMs = Number.NEGATIVE_INFINITY
  /** Identity, size and times of the file that `#value` was read from. */
  #stamp = ''
  #fetching: Promise<void> | undefined
  /** Why the URL has given nothing so far. */
  #problem: unknown = new Error('it was not fetched yet')

  /**
   * @param closing ends what is being fetched
   * @param nowMs a monotonic clock in milliseconds; given by tests
   */
  constructor(secret: Secret, closing?: AbortSignal, nowMs: () => number = () => performance.now()) {
    this.#secret = secret
    this.#closing = closing
    this.#value = 'value' in secret ? secret.value : undefined
    this.#nowMs = nowMs
  }

  /**
   * What has to be awaited before `read`: a URL's first answer. Undefined if the text is at hand; a URL is then asked
   * again now and then, and nobody waits for it.
   *
   * Rejects with {SecretUnreadable}.
   */
  ready(): Promise<void> | undefined {
    if (!('url' in this.#secret)) return undefined
    const ageMs = this.#nowMs() - this.#checkedMs
    if (this.#value !== undefined && ageMs < URL_CHECK_INTERVAL_MS) return undefined
    if (this.#fetching === undefined && (this.#value !== undefined || ageMs >= URL_RETRY_INTERVAL_MS)) {
      this.#checkedMs = this.#nowMs()
      this.#fetching = this.#fetch(this.#secret.url)
    }
    if (this.#value !== undefined) return undefined
    return (this.#fetching ?? Promise.resolve()).then(() => void this.read())
  }

  /**
   * The current text. The trailing white space of a file is not part of it. A file is looked at once a second at most
   * and read again only if it changed; while it cannot be read, its last known text holds. Likewise for a URL.
   *
   * @throws {SecretUnreadable} retryable; the file was never readable so far, or nobody has waited for the URL
   */
  read(): string {
    if ('file' in this.#secret) return this.#readFile(this.#secret.file)
    if ('url' in this.#secret && this.#value === undefined) {
      throw new SecretUnreadable(this.#secret.url, this.#problem)
    }
    return this.#value!
  }

  /** Never rejects. */
  async #fetch(url: string): Promise<void> {
    try {
      this.#value = (await fetchText(url, URL_TIMEOUT_MS, this.#closing)).trimEnd()
    } catch (error) {
      this.#problem = error
    } finally {
      this.#fetching = undefined
    }
  }

  #readFile(file: string): string {
    const nowMs = this.#nowMs()
    if (this.#value !== undefined && nowMs - this.#checkedMs < FILE_CHECK_INTERVAL_MS) return this.#value
    this.#checkedMs = nowMs
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

/** `fetch` says what went wrong in the cause of its error. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
