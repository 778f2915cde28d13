import { Re2, textsAt } from './re2.ts'
import { isAnything, recognise } from './shape.ts'
import type { Template } from './template.ts'

/** A regular expression that has to match the whole text; a dot matches a newline too. */
export interface Pattern {
  /** Numbers of the groups that have a name. */
  readonly groupNames: ReadonlyMap<string, number>
  matches(text: string): boolean
  /**
   * The whole match and its groups, '' for a group that took no part; undefined if the text does not match.
   *
   * @param groups how many of them are wanted, the whole match included; there may be more or fewer
   */
  capture(text: string, groups: number): readonly string[] | undefined
}

/**
 * @param source RE2 syntax
 * @throws {RelabelError} on a syntax error, and on an expression that is too large
 */
export function compilePattern(source: string): Pattern {
  const body = stripAnchors(source)
  return recognise(body) ?? new Re2Pattern(body)
}

/**
 * Takes away the anchors at both ends, of which vmagent needs none: it puts its own around all of the expression. So
 * `^a|b$` matches `a` and `b`, and no more.
 */
export function stripAnchors(source: string): string {
  let start = 0
  while (source[start] === '^') start++
  let end = source.length
  while (end > start && source[end - 1] === '$') end--
  let backslashes = 0
  while (source[end - 1 - backslashes] === '\\') backslashes++
  if (backslashes % 2 === 1 && end < source.length) end++ // a dollar that is escaped
  return source.slice(start, end)
}

/** Whether an expression is the default one, `(.*)`, in whatever words. */
export function matchesAnything(source: string): boolean {
  return isAnything(stripAnchors(source))
}

/** Any expression, by RE2. */
export class Re2Pattern implements Pattern {
  readonly groupNames: ReadonlyMap<string, number>
  readonly #re: Re2

  constructor(source: string) {
    this.#re = new Re2(source, true)
    this.groupNames = this.#re.groupNames
  }

  matches(text: string): boolean {
    return this.#re.testExact(text)
  }

  capture(text: string, groups: number): readonly string[] | undefined {
    // Most texts do not match, and to find that out is far cheaper without the groups.
    if (!this.#re.testExact(text)) return undefined
    return textsAt(text, this.#re.captureExact(text, groups)!)
  }
}

/**
 * Matches a whole text, and writes another from what its groups have found.
 *
 * vmagent matches with a dot that takes a newline but expands with one that does not. Where only the first of the two
 * matches, `replace` leaves the text as it is, and `expand` takes all groups for empty.
 */
export class WholeReplacer {
  readonly pattern: Pattern
  readonly #source: string
  /** As the pattern, but a dot takes no newline; compiled when a text has one. */
  #withinLines: Re2 | undefined

  /** @throws {RelabelError} on a syntax error, and on an expression that is too large */
  constructor(source: string) {
    this.#source = stripAnchors(source)
    this.pattern = compilePattern(source)
  }

  /** The text that takes the place of another; undefined if that does not match. */
  replace(text: string, template: Template): string | undefined {
    if (template.literal !== undefined && !text.includes('\n')) {
      return this.pattern.matches(text) ? template.literal : undefined
    }
    const groups = this.pattern.capture(text, template.groups)
    if (groups === undefined) return undefined
    return this.#matchesWithinLines(text) ? template.expand(groups) : text
  }

  /** What the template makes of a text that matches. */
  expand(text: string, template: Template): string {
    if (template.literal !== undefined) return template.literal
    return template.expand(this.#matchesWithinLines(text) ? this.pattern.capture(text, template.groups)! : [])
  }

  #matchesWithinLines(text: string): boolean {
    if (!text.includes('\n')) return true
    this.#withinLines ??= new Re2(this.#source, false)
    return this.#withinLines.testExact(text)
  }
}
