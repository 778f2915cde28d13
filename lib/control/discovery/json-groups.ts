import { ConfigError } from '../../yaml/error.ts'
import { findFault, type JsonPath, locate, placeIn } from './json-place.ts'

/** Targets that share labels, as a list of them in JSON has it. */
export type JsonGroup = { readonly targets: readonly string[]; readonly labels: Readonly<Record<string, string>> }

/** What stands at the end of a path is not what it should be. */
class Misfit extends Error {
  readonly path: JsonPath

  constructor(path: JsonPath, wanted: string, found: unknown) {
    super(`expected ${wanted}, found ${describe(found)}`)
    this.path = path
  }
}

/**
 * Reads `[{"targets": ["host:port"], "labels": {"name": "value"}}]`
 * (https://prometheus.io/docs/prometheus/latest/http_sd/). As in Go, null is nothing, the case of `targets` and `labels`
 * does not matter, and other fields mean nothing.
 *
 * @param name what the text is called in messages
 * @throws {ConfigError} naming line and column
 */
export function parseJsonGroups(name: string, text: string): JsonGroup[] {
  const value = parseJson(name, text)
  try {
    return listOf(value, []).map(readGroup)
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    const shown = error.path.map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
    const where = shown === '' ? '' : `${shown}: `
    throw new ConfigError(placeIn(name, text, locate(text, error.path)), where + error.message)
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const at = findFault(text)
    const found = at < text.length ? `unexpected ${JSON.stringify(text[at])}` : 'it ends too early'
    throw new ConfigError(placeIn(name, text, at), `not JSON: ${found}`, { cause })
  }
}

function readGroup(value: unknown, index: number): JsonGroup {
  const group = mapOf(value, [index])
  const targets = fieldOf(group, 'targets')
  const labels = fieldOf(group, 'labels')
  return {
    targets: listOf(targets.value, [index, targets.name]).map((target, at) =>
      stringOf(target, [index, targets.name, at]),
    ),
    labels: Object.fromEntries(
      Object.entries(mapOf(labels.value, [index, labels.name])).map(([name, text]) => [
        name,
        stringOf(text, [index, labels.name, name]),
      ]),
    ),
  }
}

function fieldOf(group: Readonly<Record<string, unknown>>, wanted: string): { name: string; value: unknown } {
  const name = Object.keys(group).find(key => key.toLowerCase() === wanted) ?? wanted
  return { name, value: group[name] }
}

function listOf(value: unknown, path: JsonPath): readonly unknown[] {
  if (value == null) return []
  if (!Array.isArray(value)) throw new Misfit(path, 'a list', value)
  return value
}

function mapOf(value: unknown, path: JsonPath): Readonly<Record<string, unknown>> {
  if (value == null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw new Misfit(path, 'a map', value)
  return value as Readonly<Record<string, unknown>>
}

function stringOf(value: unknown, path: JsonPath): string {
  if (value === null) return ''
  if (typeof value !== 'string') throw new Misfit(path, 'a string', value)
  return value
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? `the string ${JSON.stringify(value)}` : String(value)
}
