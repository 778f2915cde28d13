import type { Pattern } from './pattern.ts'

/** More alternatives with wildcards than this go to RE2, which looks at all of them at once. */
const GLOBS_MAX = 64

type Token =
  | { readonly kind: 'text'; readonly text: string }
  /** `.*` or `.+`, and the least number of characters that it takes. */
  | { readonly kind: 'gap'; readonly min: 0 | 1 }
  | { readonly kind: 'or' | 'close' }
  | { readonly kind: 'open'; readonly captures: boolean; readonly name?: string }

/**
 * The default expression in other words. vmagent takes all of these for `(.*)`, so that `$1` is the whole text, be
 * there a group or not.
 */
const ANYTHING = /^(?:\(\?[ims]+\))?\^*(?:\.\*|\((?:\?[ims]*:)?\.\*\))$/
export const isAnything = (source: string): boolean => ANYTHING.test(source)

/** Whatever is none of these needs the engine: classes, counts, flags, a dot or a question mark alone. */
const TOKEN =
  /([^\\.+*?()|[\]{}^$]+)|\\([!-/:-@[-`{-~])|\.([*+])\??(?![*+?{])|(\|)|(\))|(\((?:\?:|\?P?<(\w+)>)?)(?![*+?{])/suy

/**
 * Recognises the shapes that most rules have, which need no engine: alternatives of literals with wildcards (`.*`, `.+`)
 * at any place, and one group around all of them, or around some between two literals: `a|b.*|.*c`, `a(.*)z`, `(a|b)_c`.
 * What it recognises matches and captures as it would by RE2, with a dot that takes a newline.
 *
 * @param source without anchors at its ends
 * @returns undefined for any other expression
 */
export function recognise(source: string): Pattern | undefined {
  if (isAnything(source)) return shapeOf('', [{ kind: 'gap', min: 0 }], '', { kind: 'open', captures: true })
  const tokens = tokenise(source)
  if (tokens === undefined) return undefined
  const open = tokens.findIndex(({ kind }) => kind === 'open')
  if (open < 0) return shapeOf('', tokens, '', undefined)
  const close = tokens.findIndex(({ kind }) => kind === 'close')
  const prefix = joinTexts(tokens.slice(0, open))
  const suffix = joinTexts(tokens.slice(close + 1))
  if (close < open || prefix === undefined || suffix === undefined) return undefined
  return shapeOf(prefix, tokens.slice(open + 1, close), suffix, tokens[open])
}

/** The text that an expression stands for, if it stands for one only. */
export function literalOf(source: string): string | undefined {
  const tokens = tokenise(source)
  return tokens && joinTexts(tokens)
}

function tokenise(source: string): Token[] | undefined {
  // Half a surrogate pair in a literal would match half a character.
  if (!source.isWellFormed()) return undefined
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const match = TOKEN.exec(source)
    if (match === null) return undefined
    const [, plain, escaped, gap, or, close, open, name] = match
    const text = plain ?? escaped
    if (text !== undefined) tokens.push({ kind: 'text', text })
    else if (gap !== undefined) tokens.push({ kind: 'gap', min: gap === '+' ? 1 : 0 })
    else if (or !== undefined) tokens.push({ kind: 'or' })
    else if (close !== undefined) tokens.push({ kind: 'close' })
    else tokens.push({ kind: 'open', captures: open !== '(?:', ...(name !== undefined && { name }) })
  }
  return tokens
}

/** Undefined if there is anything but text. */
function joinTexts(tokens: readonly Token[]): string | undefined {
  let joined = ''
  for (const token of tokens) {
    if (token.kind !== 'text') return undefined
    joined += token.text
  }
  return joined
}

/** Undefined if there is a group within, or wildcards side by side. */
function shapeOf(
  prefix: string,
  tokens: readonly Token[],
  suffix: string,
  group: Token | undefined,
): Pattern | undefined {
  const literals = new Set<string>()
  const globs: Glob[] = []
  const finish = (texts: string[], gaps: number[]): void => {
    if (gaps.length === 0) literals.add(texts[0]!)
    else globs.push(new Glob(texts, gaps))
  }
  let texts = ['']
  let gaps: number[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'text') {
      texts.push(texts.pop()! + token.text)
    } else if (token.kind === 'gap') {
      if (tokens[index - 1]?.kind === 'gap') return undefined
      texts.push('')
      gaps.push(token.min)
    } else if (token.kind === 'or') {
      finish(texts, gaps)
      texts = ['']
      gaps = []
    } else {
      return undefined
    }
  }
  finish(texts, gaps)
  if (globs.length > GLOBS_MAX) return undefined
  return new Shape(prefix, literals, globs, suffix, group?.kind === 'open' ? group : undefined)
}

/** Texts in a row, with a gap of at least so many characters before each but the first. */
class Glob {
  readonly #texts: readonly string[]
  readonly #gaps: readonly number[]

  constructor(texts: readonly string[], gaps: readonly number[]) {
    this.#texts = texts
    this.#gaps = gaps
  }

  /**
   * Whether `text` from `start` to `end` matches. Each text is taken where it comes first: whatever follows has the most
   * room then. Of a character that is a surrogate pair, half is as good as the whole, as no text begins with the other half.
   */
  matches(text: string, start: number, end: number): boolean {
    const texts = this.#texts
    const gaps = this.#gaps
    if (!text.startsWith(texts[0]!, start)) return false
    const last = gaps.length
    let at = start + texts[0]!.length
    for (let index = 1; index < last; index++) {
      const found = text.indexOf(texts[index]!, at + gaps[index - 1]!)
      if (found < 0) return false
      at = found + texts[index]!.length
    }
    const tail = end - texts[last]!.length
    return tail >= at + gaps[last - 1]! && text.startsWith(texts[last]!, tail)
  }
}

/** Alternatives between two literals. */
class Shape implements Pattern {
  readonly groupNames: ReadonlyMap<string, number>
  readonly #prefix: string
  readonly #literals: ReadonlySet<string>
  readonly #globs: readonly Glob[]
  readonly #suffix: string
  readonly #captures: boolean

  constructor(
    prefix: string,
    literals: ReadonlySet<string>,
    globs: readonly Glob[],
    suffix: string,
    group: { readonly captures: boolean; readonly name?: string } | undefined,
  ) {
    this.#prefix = prefix
    this.#literals = literals
    this.#globs = globs
    this.#suffix = suffix
    this.#captures = group?.captures === true
    this.groupNames = new Map(group?.name === undefined ? [] : [[group.name, 1]])
  }

  matches(text: string): boolean {
    const start = this.#prefix.length
    const end = text.length - this.#suffix.length
    if (end < start || !text.startsWith(this.#prefix) || !text.endsWith(this.#suffix)) return false
    if (this.#literals.size > 0 && this.#literals.has(text.slice(start, end))) return true
    for (const glob of this.#globs) {
      if (glob.matches(text, start, end)) return true
    }
    return false
  }

  capture(text: string): readonly string[] | undefined {
    if (!this.matches(text)) return undefined
    return this.#captures ? [text, text.slice(this.#prefix.length, text.length - this.#suffix.length)] : [text]
  }
}
