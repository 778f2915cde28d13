import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'
import { RelabelError } from './error.ts'
import { boundProgram } from './program-size.ts'

type Re2Module = { readonly RE2JS: typeof RE2JS }

/** Largest program of an expression, about 100 bytes each: three thousand metric names in one make most of it. */
const INSTRUCTIONS_MAX = 2 ** 17

/** Largest number of places that are kept while it runs: those of all groups, at each instruction. */
const PLACES_MAX = 2 ** 21

/** Bytes of remembered states of one expression, by RE2's own estimate. Over it, RE2 forgets them and begins anew. */
const STATES_BYTES_MAX = 1 << 20

/** RE2's number for a match that must begin and end where the text does. */
const ANCHOR_BOTH = 2
const UNANCHORED = 0

/**
 * An expression compiled by RE2: matching takes a time in proportion to the length of the text, whatever the expression.
 * The engine is loaded when the first expression needs it: it takes 5 MiB in each thread, and most threads only ever see
 * expressions that need no engine.
 */
export class Re2 {
  /** Numbers of the groups that have a name. */
  readonly groupNames: ReadonlyMap<string, number>
  readonly #compiled: RE2JS
  readonly #groups: number

  /**
   * @param source RE2 syntax
   * @param dotTakesNewlines whether a dot matches a newline too
   * @throws {RelabelError} on a syntax error, and on an expression that is too large
   */
  constructor(source: string, dotTakesNewlines: boolean) {
    checkSize(source)
    const engine = (createRequire(import.meta.url)('re2js') as Re2Module).RE2JS
    try {
      this.#compiled = engine.compile(source, dotTakesNewlines ? engine.DOTALL : 0)
    } catch (cause) {
      const problem = (cause as Error).message.replace('`(?s)', '`') // the flag, which RE2 writes in front
      throw new RelabelError('regex', `regex ${quoteStart(source)} is not valid: ${problem}`, { cause })
    }
    const { dfa } = this.#compiled.re2()
    dfa.stateBudget = STATES_BYTES_MAX
    dfa.memBudget = STATES_BYTES_MAX
    this.#groups = this.#compiled.groupCount() + 1
    this.groupNames = new Map(Object.entries(this.#compiled.namedGroups()))
  }

  /** Whether the whole text matches. */
  testExact(text: string): boolean {
    return this.#compiled.testExact(text)
  }

  /** Whether the text has a match anywhere. */
  test(text: string): boolean {
    return this.#compiled.test(text)
  }

  /**
   * Where the whole text and its groups begin and end, in pairs; -1 for a group that took no part.
   *
   * @param groups how many of them are asked for, of which the whole is the first: each one costs
   */
  captureExact(text: string, groups: number): readonly number[] | undefined {
    return this.#capture(text, 0, ANCHOR_BOTH, groups)
  }

  /** Likewise for the first match at or behind a place. */
  captureFrom(text: string, start: number, groups: number): readonly number[] | undefined {
    return this.#capture(text, start, UNANCHORED, groups)
  }

  #capture(text: string, start: number, anchor: number, groups: number): readonly number[] | undefined {
    const count = Math.min(groups, this.#groups)
    const [found, places] = this.#compiled.re2().matchWithGroup(text, start, text.length, anchor, count)
    return found ? (places as readonly number[]) : undefined
  }
}

/** The texts of places, '' for a group that took no part. */
export function textsAt(text: string, places: readonly number[]): string[] {
  const texts: string[] = []
  for (let at = 0; at < places.length; at += 2)
    texts.push(places[at]! < 0 ? '' : text.slice(places[at], places[at + 1]))
  return texts
}

/** Compiling an expression that is too large would take the memory already. */
function checkSize(source: string): void {
  const { instructions, groups } = boundProgram(source)
  const places = instructions * (groups + 1)
  let problem: string | undefined
  if (instructions > INSTRUCTIONS_MAX) problem = `${instructions} instructions are more than ${INSTRUCTIONS_MAX}`
  else if (places > PLACES_MAX) problem = `${instructions} instructions with ${groups} groups are too many`
  if (problem === undefined) return
  throw new RelabelError('regex', `regex ${quoteStart(source)} is too large: ${problem}; repeat less, or split it`)
}

const QUOTED_CHARACTERS_MAX = 200

function quoteStart(source: string): string {
  if (source.length <= QUOTED_CHARACTERS_MAX) return JSON.stringify(source)
  return `${JSON.stringify(source.slice(0, QUOTED_CHARACTERS_MAX))}... (${source.length} characters)`
}
