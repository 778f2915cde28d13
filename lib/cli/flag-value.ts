import { FlagError } from './flag-error.ts'
import { CPU_DEFAULTS, definitionOf, type FlagDefinition, type FlagName } from './flag-table.ts'
import { splitList } from './list.ts'
import { parseListInteger, SCALARS, type ScalarType } from './scalars.ts'

export type ScalarValue = string | number | boolean

/** True if the flag holds a list. */
export function isList(definition: FlagDefinition): boolean {
  return definition.type.startsWith('array<')
}

/** Type of the flag's value or, for a list, of its items. */
export function scalarTypeOf(definition: FlagDefinition): ScalarType {
  return definition.type.replace(/^array<(.*)>$/, '$1') as ScalarType
}

/** The default as text; for a list, what a missing item stands for. */
export function defaultText(definition: FlagDefinition): string {
  return CPU_DEFAULTS[definition.default]?.().toString() ?? definition.default
}

/** The value of one item, or of a flag that is no list. Undefined if `text` is no such value. */
export function parseItem(definition: FlagDefinition, text: string): ScalarValue | undefined {
  const parse = definition.type === 'array<int>' ? parseListInteger : SCALARS[scalarTypeOf(definition)].parse
  return parse(text)
}

/**
 * Reads what one mention of a flag says.
 *
 * @returns the checked items of a list, at least one; a single item for other flags
 * @throws {FlagError} naming `source`, the text and what is allowed
 */
export function readItems(name: FlagName, text: string, source: string): readonly string[] {
  const definition = definitionOf(name)
  const emptyItem = scalarTypeOf(definition) === 'string' ? '' : defaultText(definition)
  const items = isList(definition) ? splitList(text).map(item => item || emptyItem) : [text]
  for (const item of items) check(definition, item, source)
  return items
}

function check(definition: FlagDefinition, item: string, source: string): void {
  const invalid = (allowed: string): FlagError =>
    new FlagError(`${source}: invalid value ${JSON.stringify(item)}; ${allowed}`)
  const value = parseItem(definition, item)
  const type = scalarTypeOf(definition)
  if (value === undefined) throw invalid(`its type is ${type}, as in ${SCALARS[type].example}`)
  const { choices, min, max } = definition
  if (choices !== undefined && !choices.includes(item)) throw invalid(`it can be ${choices.join(', ')}`)
  if (type === 'password' && /^https?:\/\//.test(item)) {
    throw new FlagError(`${source}: reading a secret from a URL is not implemented; give it in a file, as file:///path`)
  }
  if (typeof value !== 'number') return
  const unit = { bytes: ' bytes', duration: ' ms' }[type as string] ?? ''
  if (min !== undefined && value < min) throw invalid(`the smallest that is allowed is ${min}${unit}`)
  if (max !== undefined && value > max) throw invalid(`the largest that is allowed is ${max}${unit}`)
}
