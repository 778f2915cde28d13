import assert from 'node:assert/strict'
import type { Secret } from '../../shared/http-spec.ts'
import type { FlagView } from '../admin/view.ts'
import { definitionOf, FLAG_NAMES, type FlagName, type FlagNameOf } from './flag-table.ts'
import { defaultText, isList, parseItem, type ScalarValue, scalarTypeOf } from './flag-value.ts'
import { joinList } from './list.ts'
import { showScalar } from './scalars.ts'

const SECRET_WORDS = /pass|key|secret|token/i
const SECRET_FLAGS: ReadonlySet<FlagName> = new Set(['remoteWrite.headers', 'remoteWrite.proxyURL', 'pushmetrics.url'])
const SHOWN_SECRET = 'secret'

/** Checked values of all flags. A getter takes only names of flags of its type. */
export class Flags {
  readonly #items: ReadonlyMap<FlagName, readonly string[]>

  /** @param items checked texts of the flags that are set; one item each for flags that are no lists */
  constructor(items: ReadonlyMap<FlagName, readonly string[]>) {
    this.#items = items
  }

  /** True if the flag was given, even if with its default. */
  isSet(name: FlagName): boolean {
    return this.#items.has(name)
  }

  string(name: FlagNameOf<'string'>): string {
    return this.#value(name) as string
  }

  bool(name: FlagNameOf<'bool'>): boolean {
    return this.#value(name) as boolean
  }

  int(name: FlagNameOf<'int' | 'int64'>): number {
    return this.#value(name) as number
  }

  float(name: FlagNameOf<'float'>): number {
    return this.#value(name) as number
  }

  bytes(name: FlagNameOf<'bytes'>): number {
    return this.#value(name) as number
  }

  /** Milliseconds, with a fraction if the flag says so. */
  durationMs(name: FlagNameOf<'duration'>): number {
    return this.#value(name) as number
  }

  /** Undefined if the flag is empty. */
  secret(name: FlagNameOf<'password'>): Secret | undefined {
    const text = this.#value(name) as string
    if (text === '') return undefined
    return text.startsWith('file://') ? { file: text.slice('file://'.length) } : { value: text }
  }

  /** All items of a list, empty ones too; of a list that is not set, its default, or none if that is empty. */
  strings(name: FlagNameOf<'array<string>'>): readonly string[] {
    return this.#items.get(name) ?? [defaultText(definitionOf(name))].filter(text => text !== '')
  }

  /** Value for the destination with that index, from 0. Empty if there is none. */
  stringForUrl(name: FlagNameOf<'array<string>'>, index: number): string {
    return this.#valueForUrl(name, index) as string
  }

  /** Value for the destination with that index, from 0. */
  boolForUrl(name: FlagNameOf<'array<bool>'>, index: number): boolean {
    return this.#valueForUrl(name, index) as boolean
  }

  /** Value for the destination with that index, from 0. */
  intForUrl(name: FlagNameOf<'array<int>'>, index: number): number {
    return this.#valueForUrl(name, index) as number
  }

  /** Value for the destination with that index, from 0. */
  bytesForUrl(name: FlagNameOf<'array<bytes>'>, index: number): number {
    return this.#valueForUrl(name, index) as number
  }

  /** Value for the destination with that index, from 0, in milliseconds. */
  durationMsForUrl(name: FlagNameOf<'array<duration>'>, index: number): number {
    return this.#valueForUrl(name, index) as number
  }

  /** All flags, sorted by name, as `/flags` and `/metrics` show them: secrets hidden, lists empty unless set. */
  toMetricsAndFlagsPage(): readonly FlagView[] {
    return FLAG_NAMES.map(name => ({ name, value: this.#shown(name), isSet: this.isSet(name) }))
  }

  #value(name: FlagName): ScalarValue {
    return this.#parsed(name, this.#items.get(name)?.[0])
  }

  /** A single item holds for all destinations. */
  #valueForUrl(name: FlagName, index: number): ScalarValue {
    const items = this.#items.get(name) ?? []
    return this.#parsed(name, items.length === 1 ? items[0] : items[index])
  }

  #parsed(name: FlagName, text: string | undefined): ScalarValue {
    const definition = definitionOf(name)
    const value = parseItem(definition, text ?? defaultText(definition))
    assert(value !== undefined, `-${name} was not checked`)
    return value
  }

  #shown(name: FlagName): string {
    if (this.#isSecret(name)) return SHOWN_SECRET
    const definition = definitionOf(name)
    const items = this.#items.get(name) ?? (isList(definition) ? [] : [defaultText(definition)])
    const shown = items.map(item => showScalar(scalarTypeOf(definition), item))
    return isList(definition) ? joinList(shown) : shown.join()
  }

  #isSecret(name: FlagName): boolean {
    if (SECRET_WORDS.test(name) || SECRET_FLAGS.has(name)) return true
    if (name === 'remoteWrite.url' && !this.bool('remoteWrite.showURL')) return true
    return this.strings('secret.flags').some(secret => secret.toLowerCase() === name.toLowerCase())
  }
}
