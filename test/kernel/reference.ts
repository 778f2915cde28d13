/*
 * The text exposition format as vmagent 1.145 reads it, written to be obvious and not to be fast. The kernel and the
 * slow path of a shard must agree with it on any input. Where it departs from vmagent:
 *
 * - a line that repeats a label name is invalid, unless one of the two is empty;
 * - a `__name__` label replaces the metric's name, where vmagent sends both;
 * - "}" where a label could begin ends the labels; vmagent goes on if a label follows anywhere: `a{} 1 # {b="c"} 2`;
 * - "#" behind the first blank begins a comment, "{" or not; vmagent reads `a 1 # {b="c"} 2` as metric "a 1 #";
 * - numbers are correctly rounded and keep their sign: `-0` and `-5.`.
 */
export type ParsedLabel = { readonly name: string; readonly value: string }

export type ParsedLine = {
  /** Number of the line in the text, from 0. */
  readonly line: number
  readonly name: string
  /** In the order of the line, without names that are empty; values may be. */
  readonly labels: readonly ParsedLabel[]
  readonly value: number
  /** Milliseconds; 0 means that the line has no timestamp. */
  readonly timeMs: bigint
}

export type ParsedExposition = { readonly lines: readonly ParsedLine[]; readonly invalid: number }

const INT64_MIN = -(2n ** 63n)

export function parseExposition(text: Uint8Array | string): ParsedExposition {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const lines: ParsedLine[] = []
  let invalid = 0
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  for (const [line, raw] of decoded.split('\n').entries()) {
    const content = raw.replace(/\r$/, '').replace(/^[ \t]+/, '')
    if (content === '' || content.startsWith('#')) continue
    const parsed = parseLine(content)
    if (parsed === undefined) invalid++
    else lines.push({ line, ...parsed })
  }
  return { lines, invalid }
}

function parseLine(content: string): Omit<ParsedLine, 'line'> | undefined {
  const key = hasLabels(content) ? parseKeyWithLabels(content) : parseBareKey(content)
  if (key === undefined || key.name === '') return undefined
  const labels = uniqueLabels(key.labels)
  if (labels === undefined) return undefined
  const name = labels.find(label => label.name === '__name__')?.value || key.name

  const tail = key.rest.replace(/#.*$/s, '')
  const match = /^[ \t]*([^ \t]+)(.*)$/s.exec(tail)
  if (match === null) return undefined
  const value = parseFloat64(match[1]!)
  const time = match[2]!.replace(/^[ \t]+|[ \t]+$/g, '')
  const timestamp = time === '' ? 0 : parseFloat64(time)
  if (value === undefined || timestamp === undefined) return undefined
  return { name, labels: labels.filter(label => label.name !== '__name__'), value, timeMs: toMilliseconds(timestamp) }
}

/** What stands before the value of a valid line without the blanks around it: its key, by which series are known. */
export function keyText(content: string): string {
  const key = hasLabels(content) ? parseKeyWithLabels(content) : parseBareKey(content)
  return content.slice(0, content.length - key!.rest.length)
}

/** "{" begins the labels, unless it stands in a comment. */
function hasLabels(content: string): boolean {
  const brace = content.indexOf('{')
  return brace >= 0 && !/[ \t].*#/s.test(content.slice(0, brace))
}

type Key = { readonly name: string; readonly labels: ParsedLabel[]; readonly rest: string }

function parseBareKey(content: string): Key | undefined {
  const match = /^([^ \t]+)[ \t](.*)$/s.exec(content)
  return match === null ? undefined : { name: match[1]!, labels: [], rest: match[2]! }
}

function parseKeyWithLabels(content: string): Key | undefined {
  const brace = content.indexOf('{')
  let name = trimEnd(content.slice(0, brace))
  let rest = content.slice(brace + 1)
  const labels: ParsedLabel[] = []

  /** Takes what the expression matches at the beginning of the rest. */
  const take = (expression: RegExp): RegExpExecArray | null => {
    const match = expression.exec(rest)
    if (match !== null) rest = rest.slice(match[0].length)
    return match
  }
  const takeQuoted = (): string | undefined => {
    const match = take(/^[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*/s)
    return match === null ? undefined : unescaped(match[1]!)
  }

  while (take(/^[ \t]*\}/) === null) {
    let key = takeQuoted()
    if (key !== undefined && !rest.startsWith('=')) {
      if (name !== '') return undefined
      name = key
    } else {
      if (key === undefined) {
        const match = take(/^[ \t]*([^"]*)=(?=[ \t]*")/)
        if (match === null) return undefined
        key = trimEnd(match[1]!)
      } else rest = rest.slice(1)
      const value = takeQuoted()
      if (value === undefined) return undefined
      if (key !== '') labels.push({ name: key, value })
    }
    if (take(/^,/) === null && !rest.startsWith('}')) return undefined
  }
  return { name, labels, rest }
}

const trimEnd = (text: string): string => text.replace(/[ \t]+$/, '')

function unescaped(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
}

/** Labels of which none repeats another's name; an empty one gives way. */
function uniqueLabels(labels: readonly ParsedLabel[]): ParsedLabel[] | undefined {
  const byName = new Map<string, ParsedLabel>()
  for (const label of labels) {
    const before = byName.get(label.name)
    if (before !== undefined && before.value !== '' && label.value !== '') return undefined
    if (before === undefined || label.value !== '') byName.set(label.name, label)
  }
  return [...byName.values()]
}

/** Small numbers are seconds. */
function toMilliseconds(timestamp: number): bigint {
  const ms = timestamp >= -(2 ** 31) && timestamp < 2 ** 31 ? timestamp * 1000 : timestamp
  return ms > -(2 ** 63) && ms < 2 ** 63 ? BigInt(Math.trunc(ms)) : INT64_MIN
}

/** The number that a token is, all of it; undefined if it is none. */
export function parseFloat64(token: string): number | undefined {
  if (/^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(token)) return Number(token)
  const special = /^(-?)\+?(nan|inf|infinity)$/i.exec(token)
  if (special !== null) return special[2]!.toLowerCase() === 'nan' ? Number.NaN : special[1] ? -Infinity : Infinity
  return allowsUnderscores(token) ? Number(token.replaceAll('_', '')) : undefined
}

/** vmagent leaves numbers with a long mantissa or exponent to a parser that takes underscores between digits. */
function allowsUnderscores(token: string): boolean {
  if (!/^-?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(token.replaceAll('_', ''))) return false
  if (/^_|_$|_\D|\D_/.test(token)) return false
  const [sign, mantissa, integer, exponent] = /^(-?)((\d*)(?:\.\d*)?)(?:e[+-]?(\d+))?/i.exec(token)!.slice(1)
  if (sign!.length + integer!.length > 18) return true
  if (mantissa!.length > integer!.length + 1 && mantissa!.length >= 17) return true
  return Number(exponent ?? 0) > 300
}
