import type { Place } from '../../yaml/error.ts'

/** The way to a value: names of fields and numbers of items. */
export type JsonPath = readonly (string | number)[]

/** Line and column of a character of a text. */
export function placeIn(file: string, text: string, at: number): Place {
  const before = text.slice(0, at)
  return { file, line: before.split('\n').length, column: at - before.lastIndexOf('\n') }
}

/** Where the value at the end of a path begins. @param text that `JSON.parse` takes, and that has such a value */
export function locate(text: string, path: JsonPath): number {
  let at = skipSpace(text, 0)
  for (const step of path) at = typeof step === 'number' ? enterList(text, at, step) : enterMap(text, at, step)
  return at
}

/**
 * Where a text stops being JSON (RFC 8259): at the first character, or the string or number, that cannot stand there, or
 * at its end. JavaScript's own parser does not tell.
 *
 * @param text that `JSON.parse` refuses
 */
export function findFault(text: string): number {
  const open: string[] = []
  let at = skipSpace(text, 0)
  for (;;) {
    // A value is due; in a map, its name first.
    if (open.at(-1) === '}') {
      const nameEnd = skipString(text, at)
      if (nameEnd === 0) return at
      const colonAt = skipSpace(text, nameEnd)
      if (text[colonAt] !== ':') return colonAt
      at = skipSpace(text, colonAt + 1)
    }
    const end = text[at] === '[' ? ']' : text[at] === '{' ? '}' : undefined
    if (end !== undefined) {
      at = skipSpace(text, at + 1)
      open.push(end)
      if (text[at] !== end) continue
    } else {
      const valueEnd = skipString(text, at) || skipWord(text, at)
      if (valueEnd === 0) return at
      at = skipSpace(text, valueEnd)
    }
    for (; open.length > 0 && text[at] === open.at(-1); at = skipSpace(text, at + 1)) open.pop()
    if (open.length === 0 || text[at] !== ',') return at
    at = skipSpace(text, at + 1)
  }
}

function enterList(text: string, listAt: number, index: number): number {
  let at = skipSpace(text, listAt + 1)
  for (let item = 0; item < index; item++) at = nextItem(text, at)
  return at
}

/** Of fields with the same name the last counts. */
function enterMap(text: string, mapAt: number, name: string): number {
  let found = mapAt
  for (let at = skipSpace(text, mapAt + 1); text[at] === '"'; ) {
    const keyEnd = skipScalar(text, at)
    const key: unknown = JSON.parse(text.slice(at, keyEnd))
    const colonAt = skipSpace(text, keyEnd)
    const valueAt = skipSpace(text, colonAt + 1)
    if (key === name) found = valueAt
    at = nextItem(text, valueAt)
  }
  return found
}

/** From the beginning of an item to that of the next one, or to the end of the list or map. */
function nextItem(text: string, itemAt: number): number {
  const at = skipSpace(text, skipValue(text, itemAt))
  return text[at] === ',' ? skipSpace(text, at + 1) : at
}

function skipValue(text: string, valueAt: number): number {
  let depth = 0
  let at = valueAt
  do {
    const sign = text[at]!
    if (sign === '[' || sign === '{') depth++
    if (sign === ']' || sign === '}') depth--
    at = '[]{},:'.includes(sign) ? at + 1 : skipScalar(text, at)
    if (depth > 0) at = skipSpace(text, at)
  } while (depth > 0)
  return at
}

function skipSpace(text: string, at: number): number {
  return endOf(/[ \t\r\n]*/y, text, at)
}

/** Of a text that is JSON. */
function skipScalar(text: string, at: number): number {
  return endOf(/"[^"\\]*(?:\\.[^"\\]*)*"|[^\s,[\]{}":]+/y, text, at)
}

/** 0 if there is no well-formed string. */
function skipString(text: string, at: number): number {
  const plain = String.raw`[ !#-[\]-\u{10ffff}]*`
  const escaped = String.raw`\\(?:["\\/bfnrt]|u[\da-fA-F]{4})`
  return endOf(new RegExp(`"${plain}(?:${escaped}${plain})*"`, 'uy'), text, at)
}

/** 0 if there is no well-formed number, nor one of the three words. */
function skipWord(text: string, at: number): number {
  return endOf(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y, text, at)
}

/** @param pattern sticky; 0 if it does not match at `at` */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  pattern.test(text)
  return pattern.lastIndex
}
