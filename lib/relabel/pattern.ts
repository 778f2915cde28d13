import type { RE2JS } from 're2js'
import { RelabelError } from './error.ts'
import { re2 } from './re2.ts'
import { Template } from './template.ts'

/** A regular expression that has to match the whole text; a dot matches a newline too. */
export interface Pattern {
  /** Names of the groups that have one. */
  readonly groupNames: ReadonlyMap<string, number>
  matches(text: string): boolean
  /** The whole match and its groups, '' for a group that took no part; undefined if the text does not match. */
  capture(text: string): readonly string[] | undefined
}

const NO_NAMES: ReadonlyMap<string, number> = new Map()

/**
 * @param source RE2 syntax
 * @throws {RelabelError} on a syntax error
 */
export function compilePattern(source: string): Pattern {
  return recognise(source) ?? new Re2Pattern(source)
}

/**
 * Matches and expands in one step, or gives undefined if there is no match.
 *
 * vmagent matches with a dot that takes a newline but expands with one that does not, and leaves a text as it is when
 * only the first of the two matches. Values with newlines are rare enough to compile the second on the spot.
 */
export function replaceWhole(pattern: Pattern, source: string, text: string, template: Template): string | undefined {
  if (template.literal !== undefined && !text.includes('\n'))
    return pattern.matches(text) ? template.literal : undefined
  const groups = pattern.capture(text)
  if (groups === undefined) return undefined
  if (text.includes('\n') && !compileRe2(source, 0).testExact(text)) return text
  return template.expand(groups)
}

/** Any expression, by RE2. */
export class Re2Pattern implements Pattern {
  readonly groupNames: ReadonlyMap<string, number>
  readonly #re: RE2JS

  constructor(source: string) {
    this.#re = compileRe2(source, re2().DOTALL)
    this.groupNames = new Map(Object.entries(this.#re.namedGroups()))
  }

  matches(text: string): boolean {
    return this.#re.testExact(text)
  }

  capture(text: string): readonly string[] | undefined {
    const matcher = this.#re.matcher(text)
    if (!matcher.matches()) return undefined
    return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
  }
}

/** An expression that is searched for anywhere in a text, as the actions that end in `_all` do. */
export class SearchPattern {
  readonly #re: RE2JS
  readonly #template: Template

  /** @throws {RelabelError} on a syntax error */
  constructor(source: string, replacement: string) {
    this.#re = compileRe2(source, 0)
    this.#template = new Template(replacement, new Map(Object.entries(this.#re.namedGroups())))
  }

  /** Replaces every match. */
  replaceAll(text: string): string {
    const matcher = this.#re.matcher(text)
    let replaced = ''
    let end = -1
    while (matcher.find()) {
      if (matcher.start() === end && matcher.end() === end) continue // nothing, right behind the match before
      const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group) ?? '')
      replaced += text.slice(Math.max(end, 0), matcher.start()) + this.#template.expand(groups)
      end = matcher.end()
    }
    return end < 0 ? text : replaced + text.slice(end)
  }
}

function compileRe2(source: string, flags: number): RE2JS {
  try {
    return re2().compile(source, flags)
  } catch (cause) {
    const problem = (cause as Error).message.replace('`(?s)', '`') // the flag, which RE2 writes in front
    throw new RelabelError('regex', `regex ${JSON.stringify(source)} is not valid: ${problem}`, { cause })
  }
}

const LITERAL = /^[^\\.+*?()|[\]{}^$]*$/
const GROUP = /^\((\?:)?([^()]*)\)$/
const TAIL_GROUP = /^([^\\.+*?()|[\]{}^$]+)\((\.[*+])\)$/

/**
 * The plain shapes that most rules have: alternatives which are literals, or literals followed by `.*` or `.+`;
 * the group, if any, is around all of it or around the dots. Undefined for any other expression.
 */
export function recognise(source: string): Pattern | undefined {
  const body = source.replace(/^\^/, '').replace(/(?<!\\)\$$/, '')
  const tail = TAIL_GROUP.exec(body)
  if (tail !== null) return new PrefixPattern(tail[1]!, tail[2] === '.+' ? 1 : 0)
  const group = GROUP.exec(body)
  const hasGroup = group !== null && group[1] === undefined
  const alternatives = (group === null ? body : group[2]!).split('|')
  const literals = new Set<string>()
  const prefixes: Prefix[] = []
  for (const alternative of alternatives) {
    const dots = /\.[*+]$/.exec(alternative)
    const literal = dots === null ? alternative : alternative.slice(0, dots.index)
    if (!LITERAL.test(literal)) return undefined
    if (dots === null) literals.add(literal)
    else prefixes.push({ text: literal, restMin: dots[0] === '.+' ? 1 : 0 })
  }
  return new AlternativesPattern(literals, prefixes, hasGroup)
}

/** A text to begin with, and the least number of UTF-16 units to follow. */
type Prefix = { readonly text: string; readonly restMin: number }

class AlternativesPattern implements Pattern {
  readonly groupNames = NO_NAMES
  readonly #literals: ReadonlySet<string>
  readonly #prefixes: readonly Prefix[]
  readonly #hasGroup: boolean

  constructor(literals: ReadonlySet<string>, prefixes: readonly Prefix[], hasGroup: boolean) {
    this.#literals = literals
    this.#prefixes = prefixes
    this.#hasGroup = hasGroup
  }

  matches(text: string): boolean {
    if (this.#literals.has(text)) return true
    for (const prefix of this.#prefixes) {
      if (text.length >= prefix.text.length + prefix.restMin && text.startsWith(prefix.text)) return true
    }
    return false
  }

  capture(text: string): readonly string[] | undefined {
    if (!this.matches(text)) return undefined
    return this.#hasGroup ? [text, text] : [text]
  }
}

class PrefixPattern implements Pattern {
  readonly groupNames = NO_NAMES
  readonly #prefix: string
  readonly #lengthMin: number

  constructor(prefix: string, restMin: number) {
    this.#prefix = prefix
    this.#lengthMin = prefix.length + restMin
  }

  matches(text: string): boolean {
    return text.length >= this.#lengthMin && text.startsWith(this.#prefix)
  }

  capture(text: string): readonly string[] | undefined {
    return this.matches(text) ? [text, text.slice(this.#prefix.length)] : undefined
  }
}
