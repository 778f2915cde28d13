import { labelValue, type MutableLabel } from './labels.ts'

const DOLLAR = /\$(?:\$|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu
const GROUP_NUMBER = /^(?:0|[1-9][0-9]*)$/

/**
 * A replacement text of the RE2 kind: `$1`, `${1}`, `$name`, `${name}`, and `$$` for a dollar. `$1x` is the group
 * named `1x`, and `$01` the one named `01`. A group that does not exist or took no part in the match is empty; any other
 * dollar stays as it is.
 */
export class Template {
  /** Text without references, or undefined if there are any. */
  readonly literal: string | undefined
  /** How many groups it needs, the whole match included. */
  readonly groups: number
  readonly #texts: string[] = []
  readonly #groups: number[] = []

  constructor(source: string, groupNames: ReadonlyMap<string, number>) {
    let text = ''
    let end = 0
    for (const match of source.matchAll(DOLLAR)) {
      text += source.slice(end, match.index)
      end = match.index + match[0].length
      const name = match[1] ?? match[2]
      if (name === undefined) {
        text += '$'
        continue
      }
      this.#texts.push(text)
      this.#groups.push(GROUP_NUMBER.test(name) ? Number(name) : (groupNames.get(name) ?? -1))
      text = ''
    }
    this.#texts.push(text + source.slice(end))
    this.groups = this.#groups.reduce((most, group) => Math.max(most, group + 1), 1)
    this.literal = this.#groups.length === 0 ? this.#texts[0] : undefined
  }

  /** @param groups the whole match, then its groups; empty for a group that took no part */
  expand(groups: readonly string[]): string {
    if (this.literal !== undefined) return this.literal
    let text = this.#texts[0]!
    for (let index = 0; index < this.#groups.length; index++) {
      text += (groups[this.#groups[index]!] ?? '') + this.#texts[index + 1]!
    }
    return text
  }
}

/** A replacement text that takes values of labels: `{{job}}-$1`. */
export class LabelTemplate {
  /** Texts and names of labels by turns. */
  readonly #parts: readonly string[]

  private constructor(parts: readonly string[]) {
    this.#parts = parts
  }

  /** Undefined if the text has no `{{label}}`. */
  static parse(source: string): LabelTemplate | undefined {
    const parts = source.split(/\{\{(.*?)\}\}/s)
    return parts.length === 1 ? undefined : new LabelTemplate(parts)
  }

  /** Puts the value of the label in place of each `{{label}}`; values are not looked through again. */
  fill(labels: readonly MutableLabel[]): string {
    let filled = ''
    for (let index = 0; index < this.#parts.length; index++) {
      const part = this.#parts[index]!
      filled += index % 2 === 0 ? part : labelValue(labels, part)
    }
    return filled
  }
}
