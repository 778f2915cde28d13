import type { Label } from '../../shared/target.ts'

/** Writes labels as `{a="1",b="2"}`, in the given order, with values quoted as Go does. */
export function quoteLabels(labels: readonly Label[]): string {
  return `{${labels.map(({ name, value }) => `${name}=${quote(value)}`).join(',')}}`
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const UNPRINTABLE = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  return `"${text.replaceAll(UNPRINTABLE, character => SHORT_ESCAPES[character] ?? escapeCode(character))}"`
}

function escapeCode(character: string): string {
  const code = character.codePointAt(0)!
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}
