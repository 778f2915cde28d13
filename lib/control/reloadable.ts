import { isDeepStrictEqual } from 'node:util'
import { PenstockError } from '../../shared/errors.ts'

/** How loading one kind of configuration went so far. */
export type LoadHistory = {
  /** Reloads that changed something; the load at the start is not one. */
  readonly reloads: number
  readonly errors: number
  readonly lastSuccessful: boolean
  /** Unix time of the last load that changed something, the one at the start included. */
  readonly lastSuccessMs: number
  /** What was wrong the last time; empty if nothing was. */
  readonly lastError: string
}

/** A configuration that was read anew and could be used. Nothing happens until `accept` says that it is in force. */
export type Candidate<T> = { readonly value: T; readonly changed: boolean; readonly accept: () => void }

/** One kind of configuration: what is in force, and how loading it went. */
export class Reloadable<T> {
  readonly #read: () => Promise<T>
  readonly #essence: (value: T) => unknown
  #current: T
  #history: LoadHistory = { reloads: 0, errors: 0, lastSuccessful: true, lastSuccessMs: Date.now(), lastError: '' }

  /**
   * @param current what was read at the start and is in force
   * @param read reads it again; throws a PenstockError if the configuration is to blame
   * @param essence the part of it that makes a difference
   */
  constructor(current: T, read: () => Promise<T>, essence: (value: T) => unknown) {
    this.#current = current
    this.#read = read
    this.#essence = essence
  }

  /** What is in force. */
  get current(): T {
    return this.#current
  }

  get history(): LoadHistory {
    return this.#history
  }

  /** Reads the configuration again. @throws {PenstockError} it cannot be used; counted */
  async readAgain(): Promise<Candidate<T>> {
    try {
      const value = await this.#read()
      const changed = !isDeepStrictEqual(this.#essence(value), this.#essence(this.#current))
      return { value, changed, accept: () => this.#accept(value, changed) }
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      const errors = this.#history.errors + 1
      this.#history = { ...this.#history, errors, lastSuccessful: false, lastError: error.message }
      throw error
    }
  }

  #accept(value: T, changed: boolean): void {
    this.#current = value
    this.#history = { ...this.#history, lastSuccessful: true, lastError: '' }
    if (!changed) return
    this.#history = { ...this.#history, reloads: this.#history.reloads + 1, lastSuccessMs: Date.now() }
  }
}
