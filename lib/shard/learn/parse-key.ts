import { METRIC_NAME, type MutableLabel } from '../../relabel/labels.ts'

/** What a line of the text exposition says about its series. */
export type ParsedKey = {
  readonly name: string
  /** In the order of the line, without `__name__`. Names are unique and not empty; values may be empty. */
  readonly labels: MutableLabel[]
}

const BLANKS = /[ \t]*/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy
/** A label's name without quotes: anything up to the equals sign before the value. */
const BARE_LABEL = /([^"]*)=(?=[ \t]*")/y
const ESCAPE = /\\([\\"n])/g
const AROUND = /^[ \t]+|[ \t]+$/g

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Reads the part of a line before its value: `name`, `name{label="value",...}` or `{"name",label="value",...}`, with
 * blanks between any two tokens. Names may hold any character. Bytes that are not UTF-8 are replaced.
 *
 * @param line holds that part from `start` to `end`, with nothing behind it but blanks
 * @returns undefined if it is not valid, which it is not either if two labels share a name
 */
export function parseKey(line: Uint8Array, start: number, end: number): ParsedKey | undefined {
  const text = decoder.decode(line.subarray(start, end)).replace(AROUND, '')
  const brace = text.indexOf('{')
  const name = (brace < 0 ? text : text.slice(0, brace)).replace(AROUND, '')
  if (brace >= 0) return new LabelsReader(text, brace + 1).read(name)
  return name === '' || /[ \t]/.test(name) ? undefined : { name, labels: [] }
}

/** Reads the labels of one line from left to right. */
class LabelsReader {
  readonly #text: string
  #at: number
  readonly #labels = new Map<string, string>()

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  /** `name` is what stands before the brace; if nothing does, a quoted string among the labels is the name. */
  read(name: string): ParsedKey | undefined {
    for (this.#skipBlanks(); !this.#take('}'); this.#skipBlanks()) {
      const quoted = this.#takeQuoted()
      this.#skipBlanks()
      if (quoted !== undefined && !this.#take('=')) {
        if (name !== '') return undefined
        name = quoted
      } else {
        const label = quoted ?? this.#match(BARE_LABEL)?.[1]?.replace(AROUND, '')
        this.#skipBlanks()
        const value = this.#takeQuoted()
        if (label === undefined || value === undefined || !this.#add(label, value)) return undefined
      }
      this.#skipBlanks()
      if (!this.#take(',') && this.#text[this.#at] !== '}') return undefined
    }
    if (this.#at !== this.#text.length) return undefined
    if (name === '') return undefined
    // vmagent sends both names then, and the last one is what receivers take.
    name = this.#labels.get(METRIC_NAME) || name
    this.#labels.delete(METRIC_NAME)
    return { name, labels: Array.from(this.#labels, ([label, value]) => ({ name: label, value })) }
  }

  /** False if the label is there already. An empty label is as good as none, but may hide one of the target. */
  #add(name: string, value: string): boolean {
    const before = this.#labels.get(name)
    if (before && value !== '') return false
    if (name !== '' && !before) this.#labels.set(name, value)
    return true
  }

  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at
    const match = expression.exec(this.#text)
    if (match !== null) this.#at = expression.lastIndex
    return match
  }

  #skipBlanks(): void {
    this.#match(BLANKS)
  }

  #take(character: string): boolean {
    const found = this.#text[this.#at] === character
    if (found) this.#at++
    return found
  }

  #takeQuoted(): string | undefined {
    const match = this.#match(QUOTED)
    return match?.[1]?.replace(ESCAPE, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }
}
