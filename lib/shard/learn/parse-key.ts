import { METRIC_NAME, type MutableLabel } from '../../relabel/labels.ts'

/** What a line of the text exposition says about its series. */
export type ParsedKey = {
  readonly name: string
  /** In the order of the line, without `__name__`. Names are unique and not empty; values may be empty. */
  readonly labels: MutableLabel[]
}

const ESCAPE = /\\([\\"n])/g

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Reads the part of a line before its value: `name`, `name{label="value",...}` or `{"name",label="value",...}`, with
 * blanks between any two tokens. Names may hold any character. Bytes that are not UTF-8 are replaced.
 *
 * @param line holds that part from `start` to `end`, with nothing behind it but blanks
 * @returns undefined if it is not valid, which it is not either if two labels share a name
 */
export function parseKey(line: Uint8Array, start: number, end: number): ParsedKey | undefined {
  const text = trim(decoder.decode(line.subarray(start, end)))
  const brace = text.indexOf('{')
  const name = trim(brace < 0 ? text : text.slice(0, brace))
  if (brace >= 0) return new LabelsReader(text, brace + 1).read(name)
  return name === '' || /[ \t]/.test(name) ? undefined : { name, labels: [] }
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 0x20 || code === 0x09
}

/** Without the blanks around it. */
function trim(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text, start)) start++
  while (end > start && isBlank(text, end - 1)) end--
  return text.slice(start, end)
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
        const label = quoted ?? this.#takeBare()
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

  #skipBlanks(): void {
    while (isBlank(this.#text, this.#at)) this.#at++
  }

  #take(character: string): boolean {
    const found = this.#text[this.#at] === character
    if (found) this.#at++
    return found
  }

  #takeQuoted(): string | undefined {
    const text = this.#text
    if (text[this.#at] !== '"') return undefined
    const start = this.#at + 1
    let end = start
    let hasEscapes = false
    for (; text[end] !== '"'; end++) {
      if (text[end] === '\\') {
        hasEscapes = true
        end++
      }
      if (end >= text.length) return undefined
    }
    this.#at = end + 1
    const quoted = text.slice(start, end)
    if (!hasEscapes) return quoted
    return quoted.replace(ESCAPE, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }

  /** A label's name without quotes: anything up to the equals sign before the value. */
  #takeBare(): string | undefined {
    let end = this.#text.indexOf('"', this.#at)
    while (end > this.#at && isBlank(this.#text, end - 1)) end--
    if (end <= this.#at || this.#text[end - 1] !== '=') return undefined
    const label = trim(this.#text.slice(this.#at, end - 1))
    this.#at = end
    return label
  }
}
