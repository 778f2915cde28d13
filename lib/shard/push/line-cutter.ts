const LF = 0x0a
const HASH = 0x23
const BLANKS: ReadonlySet<number | undefined> = new Set([0x20, 0x09])

const NOTHING = new Uint8Array(0)
const FEED = Uint8Array.of(LF)

/**
 * Makes whole lines of text that comes in pieces. Keeps at most one line that has begun.
 *
 *     for each text: use(cutter.push(text))
 *     use(cutter.end())
 */
export class LineCutter {
  readonly #lineBytesMax: number
  #rest: Uint8Array = NOTHING
  #isInOversized = false
  #oversized = 0

  /** @param lineBytesMax a line that has grown longer before its end is seen is left out */
  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax
  }

  /** Lines that were left out. A comment may be as long as it likes: it is left out, and not counted. */
  get oversized(): number {
    return this.#oversized
  }

  /**
   * @param text is used until the next call
   * @returns pieces that are whole lines when joined: at most `lineBytesMax` bytes more than `text`
   */
  push(text: Uint8Array): readonly Uint8Array[] {
    let start = 0
    if (this.#isInOversized) {
      const feed = text.indexOf(LF)
      if (feed < 0) return []
      this.#isInOversized = false
      start = feed + 1
    }
    const end = text.lastIndexOf(LF) + 1
    if (end <= start) {
      this.#keep(text.subarray(start))
      return []
    }
    const lines = this.#rest.length > 0 ? [this.#rest, text.subarray(start, end)] : [text.subarray(start, end)]
    this.#rest = new Uint8Array(text.subarray(end)) // a copy: the slice of a Buffer is none
    return lines
  }

  /** After the last text: a last line without a line feed. */
  end(): readonly Uint8Array[] {
    const rest = this.#rest
    this.#rest = NOTHING
    return rest.length > 0 ? [rest, FEED] : []
  }

  /** Appends text without a line feed to the line that has begun. */
  #keep(text: Uint8Array): void {
    if (this.#rest.length + text.length <= this.#lineBytesMax) {
      this.#rest = Buffer.concat([this.#rest, text])
      return
    }
    if (!isComment(this.#rest.length > 0 ? this.#rest : text)) this.#oversized++
    this.#isInOversized = true
    this.#rest = NOTHING
  }
}

function isComment(line: Uint8Array): boolean {
  let at = 0
  while (BLANKS.has(line[at])) at++
  return line[at] === HASH
}
