/** What an expression comes to when RE2 compiles it. */
export type ProgramSize = {
  /** At most so many instructions. */
  readonly instructions: number
  /** Groups that capture. */
  readonly groups: number
}

/** RE2 refuses larger counts. */
const REPEAT_MAX = 1000
const REPEAT = /\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/y
const NAMED_GROUP = /\(\?P?<\w*>/y
const FLAGS = /\(\?[a-zA-Z-]*([:)])/y
const QUOTED = /\\Q((?:(?!\\E).)*)(?:\\E)?/sy
const BRACED_ESCAPE = /\\[pPx]\{\^?\w*\}/y

/**
 * Bounds the program of an expression without compiling it: `(a{1000}){1000}` is short, and its program is not. Counts
 * repeated parts as often as they are repeated. Means nothing for an expression that is not valid.
 *
 * @param source RE2 syntax
 */
export function boundProgram(source: string): ProgramSize {
  return new Scanner(source).scan()
}

/** Goes through an expression from left to right, once. */
class Scanner {
  readonly #source: string
  #at = 0
  /** Instructions of the group at hand, but for its last part, which a repetition may follow. */
  #sum = 3
  #last = 0
  #groups = 0
  /** Sums of the groups around it. */
  readonly #outer: number[] = []

  constructor(source: string) {
    this.#source = source
  }

  scan(): ProgramSize {
    while (this.#at < this.#source.length) this.#part()
    while (this.#outer.length > 0) this.#close()
    return { instructions: this.#sum + this.#last, groups: this.#groups }
  }

  #part(): void {
    const character = this.#source[this.#at]
    if (character === '\\') this.#escape()
    else if (character === '[') this.#class()
    else if (character === '(') this.#open()
    else if (character === ')') this.#close()
    else if (character === '*' || character === '+' || character === '?') this.#repeat(1)
    // An alternative may be empty, which is an instruction too.
    else if (character === '|') this.#add(2)
    else if (character !== '{' || !this.#counted()) this.#add(1)
  }

  #add(instructions: number, characters = 1): void {
    this.#sum += this.#last
    this.#last = instructions
    this.#at += characters
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at
    return expression.exec(this.#source) ?? undefined
  }

  #escape(): void {
    const quoted = this.#match(QUOTED)
    if (quoted !== undefined) this.#add(quoted[1]!.length, quoted[0].length)
    else this.#add(1, this.#match(BRACED_ESCAPE)?.[0].length ?? 2)
  }

  /** A bracket right behind the opening one, or behind `[^`, does not close the class, nor does that of `[:alpha:]`. */
  #class(): void {
    const source = this.#source
    let at = this.#at + (source[this.#at + 1] === '^' ? 2 : 1)
    if (source[at] === ']') at++
    while (at < source.length && source[at] !== ']') {
      const named = source.startsWith('[:', at) ? source.indexOf(':]', at) : -1
      at = named < 0 ? at + (source[at] === '\\' ? 2 : 1) : named + 2
    }
    this.#add(1, at + 1 - this.#at)
  }

  #open(): void {
    const flags = this.#match(FLAGS)
    if (flags?.[1] === ')') {
      this.#add(0, flags[0].length)
      return
    }
    if (flags === undefined) this.#groups++
    this.#at += (flags ?? this.#match(NAMED_GROUP))?.[0].length ?? 1
    this.#outer.push(this.#sum + this.#last)
    this.#sum = 3
    this.#last = 0
  }

  #close(): void {
    const inner = this.#sum + this.#last
    this.#sum = this.#outer.pop() ?? 0
    this.#last = inner
    this.#at++
  }

  #repeat(count: number, characters = 1): void {
    this.#last = Math.max(count, 1) * (this.#last + 1) + 1
    this.#at += characters
  }

  /** False if the brace at hand is a character like any other. */
  #counted(): boolean {
    const [text, min, comma, max] = this.#match(REPEAT) ?? []
    if (text === undefined) return false
    const count = Number(max ?? (comma === undefined ? min : Number(min) + 1))
    this.#repeat(Math.min(count, REPEAT_MAX + 1), text.length)
    return true
  }
}
