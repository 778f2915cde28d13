import { type Document, isAlias, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { ConfigError, type Place } from './error.ts'
import { YamlValue } from './value.ts'

export type ParseOptions = {
  /** True makes unknown fields an error, false a warning. */
  readonly strict: boolean
  /** True makes aliases an error: of a few lines they can make values without end. */
  readonly refuseAliases?: boolean
}

/** One YAML file while it is read: turns nodes into places, and collects what is found on the way. */
export class YamlSource {
  readonly file: string
  /** Unknown fields of a file that is not read strictly. */
  readonly warnings: string[] = []
  readonly #text: string
  readonly #strict: boolean
  readonly #refuseAliases: boolean
  readonly #lines = new LineCounter()
  readonly #document: Document.Parsed | undefined
  readonly #secrets: [start: number, end: number][] = []

  /** @throws {ConfigError} on a syntax error, on a repeated key, and on a second document */
  constructor(file: string, text: string, options: ParseOptions) {
    this.file = file
    this.#text = text
    this.#strict = options.strict
    this.#refuseAliases = options.refuseAliases ?? false
    const documents = [...parseAllDocuments(text, { lineCounter: this.#lines, prettyErrors: false, merge: true })]
    for (const { errors } of documents) {
      const [error] = errors
      if (error !== undefined) throw new ConfigError(this.#placeAt(error.pos[0]), error.message, { cause: error })
    }
    this.#document = documents[0]
    if (documents.length > 1) {
      throw new ConfigError(this.#placeAt(documents[1]!.range[0]), 'a second YAML document: only one is read')
    }
  }

  get root(): YamlValue {
    const contents = this.#document?.contents ?? null
    return new YamlValue(this, contents, contents?.range[0] ?? 0, '')
  }

  placeOf(offset: number): Place {
    return this.#placeAt(offset)
  }

  /**
   * Follows an alias to what it stands for.
   *
   * @throws {ConfigError} if it stands for nothing, or aliases are refused
   */
  resolve(node: Node | null): Node | null {
    if (!isAlias(node)) return node
    const place = this.#placeAt(node.range?.[0] ?? 0)
    if (this.#refuseAliases) throw new ConfigError(place, `alias *${node.source}: aliases are not taken here`)
    const target = node.resolve(this.#document!)
    if (target !== undefined) return target
    throw new ConfigError(place, `alias *${node.source} has no anchor &${node.source} before it`)
  }

  /** @throws {ConfigError} if the file is read strictly */
  reportUnknownField(error: ConfigError): void {
    if (this.#strict) throw error
    this.warnings.push(error.message)
  }

  /** Keeps a stretch of the text out of `redactedText`, but for white space at its end. */
  addSecret(start: number, end: number): void {
    this.#secrets.push([start, start + this.#text.slice(start, end).trimEnd().length])
  }

  /** Likewise, for what follows behind the first separator in that stretch. A quote at the end stays. */
  addSecretBehind(separator: string, start: number, end: number): void {
    const stretch = this.#text.slice(start, end)
    const isQuoted = /^["']/.test(stretch)
    const secret = stretch.indexOf(separator) + separator.length
    const blanks = /^\s*/.exec(stretch.slice(secret))![0].length
    this.addSecret(start + secret + blanks, isQuoted ? end - 1 : end)
  }

  /** The text with `<secret>` in place of every value that was read as a secret. */
  redactedText(): string {
    let text = ''
    let at = 0
    for (const [start, end] of this.#secrets.toSorted((a, b) => a[0] - b[0])) {
      if (start < at) continue // read twice, through an alias
      text += `${this.#text.slice(at, start)}<secret>`
      at = end
    }
    return text + this.#text.slice(at)
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

/**
 * Parses a YAML file; an empty one is null.
 *
 * @param file as it shall appear in messages
 */
export function parseYaml(file: string, text: string, options: ParseOptions): YamlSource {
  return new YamlSource(file, text, options)
}
