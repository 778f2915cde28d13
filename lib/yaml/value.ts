import { isMap, isScalar, isSeq, type Node, Scalar } from 'yaml'
import { ConfigError, type Place } from './error.ts'
import { nearestName } from './nearest.ts'
import type { YamlSource } from './source.ts'

/** What is known of the fields of a map. */
export type FieldTable = Readonly<Record<string, FieldUse>>
export type FieldUse =
  | typeof READ
  /** Cannot be used, for the reason given. */
  | { readonly refused: string }
  /** As refused, but left aside like an unknown field in a file that is not read strictly. */
  | { readonly foreign: string }
export const READ = Symbol('read')

/** Booleans as YAML 1.1 has them, and with it most configuration files in use. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'y', 'Y', 'on', 'On', 'ON'].map(text => [text, true] as const),
  ...['false', 'False', 'FALSE', 'no', 'No', 'NO', 'n', 'N', 'off', 'Off', 'OFF'].map(text => [text, false] as const),
])

const INTEGER = /^-?(?:0|[1-9]\d*)$/

/** The digits that tell a number from all others, without an exponent. */
function inFull(value: number): string {
  const text = String(value)
  const [, sign, first, rest = '', exponentText] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? []
  if (first === undefined) return text
  const exponent = Number(exponentText)
  const digits = first + rest
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return sign + digits.padEnd(exponent + 1, '0')
}

/** One value of a file, with the place it came from. Every `as…` throws {ConfigError} if the type is another. */
export class YamlValue {
  readonly source: YamlSource
  /** How the value is called in messages: `scrape_configs[2].job_name`; '' for the whole file. */
  readonly path: string
  readonly #node: Node | null
  readonly #offset: number

  /** @param offset where the value stands, or its key if it has none */
  constructor(source: YamlSource, node: Node | null, offset: number, path: string) {
    this.source = source
    this.#node = source.resolve(node)
    this.#offset = offset
    this.path = path
  }

  get place(): Place {
    return this.source.placeOf(this.#offset)
  }

  get isNull(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null)
  }

  get isList(): boolean {
    return isSeq(this.#node)
  }

  get isMap(): boolean {
    return isMap(this.#node)
  }

  error(problem: string, options?: ErrorOptions): ConfigError {
    return new ConfigError(this.place, this.path === '' ? problem : `${this.path}: ${problem}`, options)
  }

  /** Any scalar as it is written: `1.50` is "1.50", nothing is "". */
  asString(): string {
    if (this.isNull) return ''
    if (!isScalar(this.#node)) throw this.#typeError('a string')
    return this.#isPlain(this.#node) ? this.#node.source! : String(this.#node.value)
  }

  /** A string that stays out of `YamlSource.redactedText`. */
  asSecret(): string {
    const text = this.asString()
    const range = this.#node?.range
    if (range != null && text !== '') this.source.addSecret(range[0], range[1])
    return text
  }

  /** A string like `name: value`, of which what stands behind the colon stays out of `YamlSource.redactedText`. */
  asSecretPair(): string {
    const text = this.asString()
    const range = this.#node?.range
    if (range != null && text.includes(':')) this.source.addSecretBehind(':', range[0], range[1])
    return text
  }

  asBoolean(): boolean {
    const value = isScalar(this.#node) && this.#isPlain(this.#node) ? BOOLEANS.get(this.#node.source!) : undefined
    if (value === undefined) throw this.#typeError('true or false')
    return value
  }

  asInteger(): number {
    const value = isScalar(this.#node) ? this.#node.value : undefined
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw this.#typeError('an integer')
    return value
  }

  /** A boolean as `true` or `false`, a number in full and no longer than it must be (`1.50` is "1.5"), else as `asString`. */
  asNormalisedString(): string {
    if (!isScalar(this.#node) || !this.#isPlain(this.#node)) return this.asString()
    const { source, value } = this.#node
    const boolean = BOOLEANS.get(source!)
    if (boolean !== undefined) return String(boolean)
    if (typeof value !== 'number') return this.asString()
    return INTEGER.test(source!) ? String(BigInt(source!)) : inFull(value)
  }

  /** Nothing is the empty list. */
  asList(): YamlValue[] {
    if (this.isNull) return []
    if (!isSeq(this.#node)) throw this.#typeError('a list')
    return this.#node.items.map(
      (item, index) =>
        new YamlValue(this.source, item as Node | null, this.#offsetOf(item as Node | null), `${this.path}[${index}]`),
    )
  }

  asStrings(): string[] {
    return this.asList().map(item => item.asString())
  }

  /** Nothing is the empty map. */
  asMap(): YamlMap {
    if (this.isNull) return new YamlMap(this, [])
    if (!isMap(this.#node)) throw this.#typeError('a map')
    return new YamlMap(this, this.#fields(new Set()))
  }

  /** The fields of this map; those merged in by `<<` come after its own, which override them. */
  #fields(taken: Set<string>): YamlField[] {
    if (!isMap(this.#node)) throw this.#typeError('a map')
    const fields: YamlField[] = []
    const merged: YamlValue[] = []
    for (const pair of this.#node.items) {
      const keyOffset = this.#offsetOf(pair.key as Node)
      const key = new YamlValue(this.source, pair.key as Node, keyOffset, this.path)
      const name = key.asString()
      const node = pair.value as Node | null
      const path = this.path === '' ? name : `${this.path}.${name}`
      const value = new YamlValue(this.source, node, node?.range?.[0] ?? keyOffset, path)
      if (name === '<<' && isScalar(pair.key) && pair.key.type !== Scalar.QUOTE_DOUBLE) {
        merged.push(...(value.isList ? value.asList() : [value]))
      } else if (!taken.has(name)) {
        taken.add(name)
        fields.push({ name, key, value })
      }
    }
    for (const map of merged) fields.push(...map.#fields(taken))
    return fields
  }

  #isPlain(node: Scalar): boolean {
    return node.type === Scalar.PLAIN && node.source !== undefined
  }

  #offsetOf(node: Node | null): number {
    return node?.range?.[0] ?? this.#offset
  }

  #typeError(wanted: string): ConfigError {
    return this.error(`expected ${wanted}, found ${this.#describe()}`)
  }

  #describe(): string {
    if (this.isNull) return 'nothing'
    if (isMap(this.#node)) return 'a map'
    if (isSeq(this.#node)) return 'a list'
    const { value } = this.#node as Scalar
    return typeof value === 'string' ? `the string ${JSON.stringify(value)}` : String(value)
  }
}

type YamlField = { readonly name: string; readonly key: YamlValue; readonly value: YamlValue }

/** The fields of a map, in the order of the file. */
export class YamlMap {
  readonly value: YamlValue
  readonly fields: readonly YamlField[]

  constructor(value: YamlValue, fields: readonly YamlField[]) {
    this.value = value
    this.fields = fields
  }

  /** A field that is there and not null. */
  get(name: string): YamlValue | undefined {
    const value = this.fields.find(field => field.name === name)?.value
    return value?.isNull ? undefined : value
  }

  /**
   * Refuses fields that the table does not have, naming the nearest that it has, and those that it gives a reason
   * against. Unknown and foreign fields of a file that is not read strictly become warnings.
   *
   * @throws {ConfigError}
   */
  check(table: FieldTable): this {
    for (const { name, key } of this.fields) {
      const known = Object.hasOwn(table, name) ? table[name] : undefined
      if (known === READ) continue
      const { source } = this.value
      if (known === undefined) source.reportUnknownField(key.error(describeUnknown(name, table)))
      else if ('refused' in known) throw key.error(`field "${name}" is not supported: ${known.refused}`)
      else source.reportUnknownField(key.error(`field "${name}" is not supported: ${known.foreign}`))
    }
    return this
  }

  /** All fields as name and text, for maps whose names are up to the user. */
  asPairs(): [name: string, value: string][] {
    return this.fields.map(({ name, value }) => [name, value.asString()])
  }
}

function describeUnknown(name: string, table: FieldTable): string {
  const readable = Object.keys(table).filter(field => table[field] === READ)
  const near = nearestName(name, readable)
  const hint = near === undefined ? `known fields: ${readable.join(', ')}` : `did you mean ${near}?`
  return `unknown field ${JSON.stringify(name)}; ${hint}`
}

/** A table of fields that are all read. */
export function fieldTable(...names: string[]): FieldTable {
  return Object.fromEntries(names.map(name => [name, READ]))
}
