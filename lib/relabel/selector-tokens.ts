export type Token = { readonly kind: 'sign' | 'string' | 'name'; readonly text: string }

/** Blanks and comments, which reach to the end of their line. */
const BLANKS = /(?:\s|#[^\n]*)*/y
const SIGN = /=~|!~|!=|[={},]/y
const STRING = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/sy
const NAME = /(?:[\p{L}_:]|\\.)(?:[\p{L}\p{Nd}_:.]|\\.)*/suy

const NAME_ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/gsu
const STRING_ESCAPE =
  /\\(?:x([0-7][0-9a-fA-F])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([01][0-7]{2})|([abfnrtv\\])|(["'])|.)/gsu
const CHARACTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

/**
 * Takes a series selector to pieces. Names and strings come without their escapes, strings without their quotes.
 *
 * @throws {SyntaxError} saying what cannot be read
 */
export function tokeniseSelector(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (expression: RegExp): string | undefined => {
    expression.lastIndex = at
    const text = expression.exec(source)?.[0]
    at += text?.length ?? 0
    return text
  }
  for (take(BLANKS); at < source.length; take(BLANKS)) {
    const sign = take(SIGN)
    if (sign !== undefined) {
      tokens.push({ kind: 'sign', text: sign })
      continue
    }
    const string = take(STRING)
    const name = string === undefined ? take(NAME) : undefined
    if (string !== undefined) tokens.push({ kind: 'string', text: unquote(string) })
    else if (name !== undefined) tokens.push({ kind: 'name', text: unescapeName(name) })
    else throw new SyntaxError(`cannot read ${JSON.stringify(source.slice(at))}`)
  }
  return tokens
}

function unescapeName(name: string): string {
  return name.replaceAll(NAME_ESCAPE, (_, x?: string, u?: string, other?: string) => {
    const hex = x ?? u
    return hex === undefined ? other! : String.fromCodePoint(Number.parseInt(hex, 16))
  })
}

/** Escapes are those of Go's strings, but for single bytes beyond ASCII. Only the string's own kind of quote has one. */
function unquote(quoted: string): string {
  const quote = quoted[0]!
  const inner = quoted.slice(1, -1)
  if (quote === '`') return inner
  return inner.replaceAll(
    STRING_ESCAPE,
    (written, x?: string, u?: string, long?: string, octal?: string, letter?: string, mark?: string) => {
      const hex = x ?? u ?? long
      const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16)
      if (isCharacter(code)) return String.fromCodePoint(code)
      const character = letter === undefined ? mark : CHARACTERS[letter]
      if (character === undefined || (mark !== undefined && mark !== quote)) {
        throw new SyntaxError(`${written} is not an escape that a string in ${quote} may have`)
      }
      return character
    },
  )
}

/** Whether a number, or NaN, is a code point that may stand alone. */
function isCharacter(code: number): boolean {
  return code < 0xd800 || (code > 0xdfff && code <= 0x10ffff)
}
