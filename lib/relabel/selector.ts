import { RelabelError } from './error.ts'
import { labelValue, METRIC_NAME, type MutableLabel } from './labels.ts'
import { compilePattern } from './pattern.ts'

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
  const groups = new SelectorParser(source).parse()
  return labels => groups.some(filters => filters.length > 0 && filters.every(selects => selects(labels)))
}

const TOKEN =
  /\s*(?:(=~|!~|!=|[={},])|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|((?:[\p{L}_:]|\\.)(?:[\p{L}\p{Nd}_:.]|\\.)*))/suy

type Token = { readonly kind: 'sign' | 'string' | 'name'; readonly text: string }

class SelectorParser {
  readonly #source: string
  readonly #tokens: Token[] = []
  #at = 0

  constructor(source: string) {
    this.#source = source
    const text = source.trimEnd()
    for (let end = 0; end < text.length; ) {
      TOKEN.lastIndex = end
      const match = TOKEN.exec(text)
      if (match === null) throw this.#error(`cannot read ${JSON.stringify(text.slice(end).trimStart())}`)
      end = TOKEN.lastIndex
      if (match[1] !== undefined) this.#tokens.push({ kind: 'sign', text: match[1] })
      else if (match[2] !== undefined) this.#tokens.push({ kind: 'string', text: unquote(match[2]) })
      else this.#tokens.push({ kind: 'name', text: match[3]!.replaceAll(/\\(.)/gs, '$1') })
    }
  }

  /** selector = [name] [ "{" groups "}" ] */
  parse(): Selector[][] {
    const name = this.#takeIf('name')
    let groups: Selector[][] = [[]]
    if (this.#takeSign('{')) groups = this.#groups()
    else if (name === undefined) throw this.#error('expected a metric name or {')
    if (this.#at < this.#tokens.length) throw this.#error(`unexpected ${JSON.stringify(this.#tokens[this.#at]!.text)}`)
    if (name !== undefined) for (const group of groups) group.unshift(nameEquals(name))
    return groups
  }

  /** groups = filters { "or" filters } "}"; filters may end with a comma */
  #groups(): Selector[][] {
    const groups: Selector[][] = [[]]
    while (!this.#takeSign('}')) {
      groups.at(-1)!.push(this.#filter())
      if (this.#takeSign(',') || this.#tokens[this.#at]?.text === '}') continue
      const or = this.#takeIf('name')
      if (or?.toLowerCase() !== 'or') throw this.#error('expected a comma, "or" or } after a filter')
      groups.push([])
    }
    return groups
  }

  /** filter = (name | string) sign string, or a string alone: the metric name */
  #filter(): Selector {
    const isQuoted = this.#tokens[this.#at]?.kind === 'string'
    const label = this.#takeIf('string') ?? this.#takeIf('name')
    if (label === undefined) throw this.#error('expected a label name')
    const sign = ['=', '!=', '=~', '!~'].find(candidate => this.#takeSign(candidate))
    if (sign === undefined) {
      if (isQuoted) return nameEquals(label)
      throw this.#error(`expected =, !=, =~ or !~ after ${label}`)
    }
    const value = this.#takeIf('string')
    if (value === undefined) throw this.#error(`expected a quoted value after ${label}${sign}`)
    return compileFilter(label, sign, value)
  }

  #takeIf(kind: Token['kind']): string | undefined {
    const token = this.#tokens[this.#at]
    if (token?.kind !== kind) return undefined
    this.#at++
    return token.text
  }

  #takeSign(text: string): boolean {
    const token = this.#tokens[this.#at]
    if (token?.kind !== 'sign' || token.text !== text) return false
    this.#at++
    return true
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

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' }

function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1)
  if (quoted.startsWith('`')) return inner
  return inner.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs,
    (_, x?: string, u?: string, long?: string, other?: string) => {
      const hex = x ?? u ?? long
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
      return ESCAPES[other!] ?? other!
    },
  )
}
