import { Re2, textsAt } from './re2.ts'
import { literalOf } from './shape.ts'
import { Template } from './template.ts'

/** An expression that is searched for anywhere in a text, as the actions that end in `_all` do. */
export interface Search {
  /** Replaces every match. */
  replaceAll(text: string): string
}

/**
 * @param source RE2 syntax; its anchors stand for the ends of the text
 * @throws {RelabelError} on a syntax error, and on an expression that is too large
 */
export function compileSearch(source: string, replacement: string): Search {
  const literal = literalOf(source)
  if (literal === undefined || literal === '') return new Re2Search(source, replacement)
  const replaced = new Template(replacement, new Map()).expand([literal])
  return { replaceAll: text => text.replaceAll(literal, () => replaced) }
}

/** Any expression, by RE2. */
export class Re2Search implements Search {
  readonly #re: Re2
  readonly #template: Template

  constructor(source: string, replacement: string) {
    this.#re = new Re2(source, false)
    this.#template = new Template(replacement, this.#re.groupNames)
  }

  replaceAll(text: string): string {
    if (!this.#re.test(text)) return text
    let replaced = ''
    let end = 0
    for (let from = 0; from <= text.length; ) {
      const places = this.#re.captureFrom(text, from, this.#template.groups)
      if (places === undefined) break
      const [matchStart, matchEnd] = places as readonly [number, number]
      replaced += text.slice(end, matchStart)
      // An empty match right behind another is none, or both would be replaced.
      if (matchEnd > end || matchStart === 0) replaced += this.#template.expand(textsAt(text, places))
      end = matchEnd
      from = matchEnd > from ? matchEnd : from + characterLength(text, from)
    }
    return replaced + text.slice(end)
  }
}

/** UTF-16 units of the character at a place; 1 at the end. */
function characterLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
}
