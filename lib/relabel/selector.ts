import { RelabelError } from './error.ts'
import { labelValue, METRIC_NAME, type MutableLabel } from './labels.ts'
import { compilePattern } from './pattern.ts'
import { type Token, tokeniseSelector } from './selector-tokens.ts'

/** Tells whether a series selector selects these labels. */
export type Selector = (labels: readonly MutableLabel[]) => boolean

/**
 * Compiles a series selector: `name`, `name{label="value", other=~"re.*"}`, `{a!="b", c!~"d" or e="f"}`,
 * `{"quoted name", "quoted label"="value"}`. Expressions match whole values; a missing label is an empty one.
 * `or` separates groups of which one has to match; `{}` selects nothing.
 *
 * @throws {RelabelError} on a syntax error
 */
export function compileSelector(source: string): Selector {
  const groups = new SelectorParser(source).parse().map(({ filters }) => filters)
  return labels => groups.some(filters => filters.length > 0 && filters.every(selects => selects(labels)))
}

/** Filters of which all have to match, and the name that they ask for, if they ask for one. */
type Group = { readonly filters: Selector[]; name?: string }

class SelectorParser {
  readonly #source: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(source: string) {
    this.#source = source
    try {
      this.#tokens = tokeniseSelector(source)
    } catch (cause) {
      throw this.#error((cause as SyntaxError).message)
    }
  }

  /** selector = name | [name] "{" groups "}" */
  parse(): readonly Group[] {
    const name = this.#takeIf('name')
    const groups = this.#takeSign('{') ? this.#groups(name) : [this.#newGroup(name)]
    if (this.#at === 0) throw this.#error('expected a metric name or {')
    if (this.#at < this.#tokens.length) throw this.#error(`unexpected ${JSON.stringify(this.#tokens[this.#at]!.text)}`)
    return groups
  }

  /** groups = filters { "or" filters }; filters may end with a comma */
  #groups(name: string | undefined): readonly Group[] {
    let group = this.#newGroup(name)
    const groups = [group]
    while (!this.#takeSign('}')) {
      this.#filter(group)
      if (this.#takeSign(',') || this.#isSign('}')) continue
      if (this.#takeIf('name')?.toLowerCase() !== 'or') throw this.#error('expected a comma, "or" or } after a filter')
      if (this.#isSign('}')) throw this.#error('expected a filter after "or"')
      group = this.#newGroup(name)
      groups.push(group)
    }
    return groups
  }

  /** filter = (name | string) sign string, or a string alone: the metric name */
  #filter(group: Group): void {
    const quoted = this.#takeIf('string')
    const label = quoted ?? this.#takeIf('name')
    if (label === undefined) throw this.#error('expected a label name')
    const sign = ['=', '!=', '=~', '!~'].find(candidate => this.#takeSign(candidate))
    if (sign === undefined) {
      if (quoted === undefined) throw this.#error(`expected =, !=, =~ or !~ after ${label}`)
      this.#addName(group, quoted)
      return
    }
    const value = this.#takeIf('string')
    if (value === undefined) throw this.#error(`expected a quoted value after ${label}${sign}`)
    if (label === METRIC_NAME && sign === '=') this.#addName(group, value)
    else group.filters.push(compileFilter(label, sign, value))
  }

  /** @param name what stands before the brace, and holds for all groups */
  #newGroup(name: string | undefined): Group {
    const group: Group = { filters: [] }
    if (name !== undefined) this.#addName(group, name)
    return group
  }

  #addName(group: Group, name: string): void {
    if (group.name && group.name !== name) {
      throw this.#error(`a series cannot have two names: ${JSON.stringify(group.name)} and ${JSON.stringify(name)}`)
    }
    group.name = name
    group.filters.push(nameEquals(name))
  }

  #takeIf(kind: Token['kind']): string | undefined {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind) return undefined
    this.#at++
    return token.text
  }

  #isSign(text: string): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'sign' && token.text === text
  }

  #takeSign(text: string): boolean {
    const found = this.#isSign(text)
    if (found) this.#at++
    return found
  }

  #error(problem: string): RelabelError {
    return new RelabelError('if', `selector ${JSON.stringify(this.#source)} is not valid: ${problem}`)
  }
}

function compileFilter(label: string, sign: string, value: string): Selector {
  if (sign === '=') return label === METRIC_NAME ? nameEquals(value) : labels => labelValue(labels, label) === value
  if (sign === '!=') {
    const equals = compileFilter(label, '=', value)
    return labels => !equals(labels)
  }
  const pattern = compilePattern(value)
  if (sign === '=~') return labels => pattern.matches(labelValue(labels, label))
  return labels => !pattern.matches(labelValue(labels, label))
}

/** A series without a metric name equals none, not even the empty one. */
function nameEquals(name: string): Selector {
  return labels => labels.some(label => label.name === METRIC_NAME && label.value === name)
}
