import { RelabelError } from './error.ts'
import { METRIC_NAME, type MutableLabel } from './labels.ts'

const BLANKS = /\s*/y
const NAME = /[^\s{}="',]+/y
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy
/** A value and a timestamp, as the text exposition has them. */
const TAIL = /(?:\s+[^\s{}"]+){0,2}\s*$/y
const ESCAPE = /\\([\\"n])/g

/**
 * Reads labels that a person wrote: `name`, `name{label="value", ...}`, `{"name", label="value"}` or nothing; a value
 * and a timestamp may follow as in the text exposition and are left aside.
 *
 * @returns labels in the order of the text, the name as `__name__`; empty ones as they are
 * @throws {RelabelError} of the field `metric`, with the column
 */
export function parseSeries(text: string): MutableLabel[] {
  return new SeriesReader(text).read()
}

class SeriesReader {
  readonly #text: string
  readonly #labels = new Map<string, string>()
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): MutableLabel[] {
    this.#match(BLANKS)
    const name = this.#match(NAME)?.[0]
    if (name !== undefined) this.#labels.set(METRIC_NAME, name)
    const nameEnd = this.#at
    this.#match(BLANKS)
    if (this.#take('{')) this.#readBraces()
    else this.#at = nameEnd
    if (this.#match(TAIL) === null) throw this.#error('expected the end, or a number')
    return Array.from(this.#labels, ([label, value]) => ({ name: label, value }))
  }

  #readBraces(): void {
    for (this.#match(BLANKS); !this.#take('}'); this.#match(BLANKS)) {
      const quoted = this.#takeQuoted()
      const label = quoted ?? this.#match(NAME)?.[0]
      if (label === undefined) throw this.#error('expected the name of a label or }')
      this.#match(BLANKS)
      if (this.#take('=')) this.#readValue(label)
      else if (quoted !== undefined) this.#add(METRIC_NAME, quoted)
      else throw this.#error(`expected = after the label ${label}`)
      this.#match(BLANKS)
      if (!this.#take(',') && this.#text[this.#at] !== '}') throw this.#error('expected , or } after a label')
    }
  }

  #readValue(label: string): void {
    this.#match(BLANKS)
    const value = this.#takeQuoted()
    if (value === undefined) throw this.#error(`expected a value in double quotes after ${label}=`)
    this.#add(label, value)
  }

  /** The name within the braces counts more than the one before them, as in a scrape. */
  #add(label: string, value: string): void {
    if (label !== METRIC_NAME && this.#labels.has(label)) throw this.#error(`label ${label} is there twice`)
    this.#labels.set(label, value)
  }

  #takeQuoted(): string | undefined {
    return this.#match(QUOTED)?.[1]?.replaceAll(ESCAPE, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }

  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at
    const match = expression.exec(this.#text)
    if (match !== null) this.#at = expression.lastIndex
    return match
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #error(problem: string): RelabelError {
    return new RelabelError('metric', `metric, column ${this.#at + 1}: ${problem}`)
  }
}
