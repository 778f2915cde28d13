const CLOSER: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')' }
const CLOSERS = new Set(Object.values(CLOSER))
const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 }
const ESCAPE = /\\(?:[abfnrtv"\\]|x[\da-fA-F]{2}|[0-3][0-7]{2}|u[\da-fA-F]{4}|U00(?:0[\da-fA-F]|10)[\da-fA-F]{4})/g
const QUOTED_BODY = new RegExp(`^(?:[^"\\\\\\n]|${ESCAPE.source})*$`)

/**
 * Splits the value of a list flag at its commas. A comma inside a closed pair of quotes or of `[]`, `{}`, `()` does
 * not split; an item that is quoted as a whole loses its quotes. Empty text is one empty item.
 */
export function splitList(text: string): string[] {
  const items: string[] = []
  for (let start = 0; start <= text.length; ) {
    const end = itemEnd(text, start)
    items.push(unquote(text.slice(start, end)))
    start = end + 1
  }
  return items
}

/** Inverse of `splitList` for one item or more: quotes what would be split. */
export function joinList(items: readonly string[]): string {
  return items.map(item => (/[,'"[{(\n]/.test(item) ? JSON.stringify(item) : item)).join(',')
}

/** Index of the comma that ends the item at `start`, or the length of `text`. */
function itemEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === ',') return at
    const end = groupEnd(text, at)
    if (end === undefined) {
      // What opens here is never closed: it is plain text, and so is all up to the next comma.
      const comma = text.indexOf(',', at)
      return comma < 0 ? text.length : comma
    }
    at = end
  }
  return text.length
}

/** Index of the last character of the group that opens at `at`; `at` if none opens, undefined if it is not closed. */
function groupEnd(text: string, at: number): number | undefined {
  const opener = text[at]!
  if (opener === '"' || opener === "'") {
    for (let end = at + 1; end < text.length; end++) {
      if (text[end] === '\\') end++
      else if (text[end] === opener) return end
    }
    return undefined
  }
  const closer = CLOSER[opener]
  if (closer === undefined) return at
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === closer) return end
    const inner = CLOSERS.has(text[end]!) ? undefined : groupEnd(text, end)
    if (inner === undefined) return undefined
    end = inner
  }
  return undefined
}

/** Takes the quotes off and resolves Go's escapes; a body with a broken escape is taken as it is. */
function unquote(item: string): string {
  const quote = item[0]
  if ((quote !== '"' && quote !== "'") || item.length < 2 || !item.endsWith(quote)) return item
  const body = quote === "'" ? item.slice(1, -1).replaceAll("\\'", "'") : item.slice(1, -1)
  return QUOTED_BODY.test(body) && !(quote === "'" && body.includes('"')) ? resolveEscapes(body) : body
}

/** `\x` and octal escapes stand for bytes of UTF-8, hence the detour over a buffer. */
function resolveEscapes(body: string): string {
  const pieces: Buffer[] = []
  let plainFrom = 0
  for (const { 0: sequence, index } of body.matchAll(ESCAPE)) {
    pieces.push(Buffer.from(body.slice(plainFrom, index)), escapedBytes(sequence.slice(1)))
    plainFrom = index + sequence.length
  }
  return Buffer.concat([...pieces, Buffer.from(body.slice(plainFrom))]).toString()
}

/** @param code what follows the backslash */
function escapedBytes(code: string): Buffer {
  const kind = code[0]!
  if (code.length === 1) return kind in ESCAPES ? Buffer.of(ESCAPES[kind]!) : Buffer.from(kind)
  if (kind === 'x') return Buffer.of(Number.parseInt(code.slice(1), 16))
  if (kind === 'u' || kind === 'U') return Buffer.from(String.fromCodePoint(Number.parseInt(code.slice(1), 16)))
  return Buffer.of(Number.parseInt(code, 8))
}
