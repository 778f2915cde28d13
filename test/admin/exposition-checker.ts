/** One series of a checked text. */
export type CheckedSeries = {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

export type CheckedText = {
  readonly series: readonly CheckedSeries[]
  readonly types: ReadonlyMap<string, string>
  readonly help: ReadonlyMap<string, string>
}

/**
 * Reads a text in the Prometheus format, version 0.0.4, and is strict about it.
 *
 * @throws {Error} a line is not valid, a series is there twice, the lines of a family are not together, its TYPE comes
 *   late, or a histogram is not one
 */
export function checkExposition(text: string): CheckedText {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end')
  const series: CheckedSeries[] = []
  const types = new Map<string, string>()
  const help = new Map<string, string>()
  const seen = new Set<string>()
  const families: string[] = []
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line)
    const parsed = comment ? undefined : parseSeries(line)
    if (!comment && !parsed) throw new Error(`neither comment nor series: ${line}`)
    const family = comment ? comment[2]! : familyOf(parsed!.name, types)
    if (families.at(-1) !== family) {
      if (families.includes(family)) throw new Error(`${family} is torn apart at: ${line}`)
      families.push(family)
    }
    if (parsed) {
      const key = `${parsed.name}${JSON.stringify([...parsed.labels].sort())}`
      if (seen.has(key)) throw new Error(`twice: ${line}`)
      seen.add(key)
      series.push(parsed)
    } else {
      const map = comment![1] === 'HELP' ? help : types
      if (map.has(family) || series.some(({ name }) => name === family)) throw new Error(`late or again: ${line}`)
      map.set(family, comment![3]!)
    }
  }
  for (const [name, type] of types) if (type === 'histogram') checkHistogram(name, series)
  return { series, types, help }
}

/** The value of one series; labels must match exactly. Undefined if there is none. */
export function seriesValue(text: CheckedText, name: string, labels: Record<string, string> = {}): number | undefined {
  return text.series.find(
    entry =>
      entry.name === name &&
      entry.labels.size === Object.keys(labels).length &&
      Object.entries(labels).every(([label, value]) => entry.labels.get(label) === value),
  )?.value
}

function familyOf(name: string, types: ReadonlyMap<string, string>): string {
  const base = name.replace(/_(bucket|sum|count)$/, '')
  return types.get(base) === 'histogram' || types.get(base) === 'untyped' ? base : name
}

function parseSeries(line: string): CheckedSeries | undefined {
  const head = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (\S+)$/.exec(line)
  if (!head) return undefined
  const labels = new Map<string, string>()
  let rest = head[3] ?? ''
  while (rest !== '') {
    const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(, |$)/.exec(rest)
    if (!pair || labels.has(pair[1]!)) return undefined
    labels.set(pair[1]!, unescapeValue(pair[2]!))
    rest = rest.slice(pair[0].length)
    if (rest === '' && pair[3] !== '') return undefined
  }
  const number = head[4]!
  if (!/^(\+Inf|-Inf|-?\d+(\.\d+)?(e[+-]?\d+)?)$/.test(number)) return undefined
  return { name: head[1]!, labels, value: Number(number.replace('Inf', 'Infinity')) }
}

function unescapeValue(text: string): string {
  return text.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character))
}

function checkHistogram(name: string, series: readonly CheckedSeries[]): void {
  const buckets = series.filter(entry => entry.name === `${name}_bucket`)
  const bounds = buckets.map(({ labels }) => Number(labels.get('le')!.replace('Inf', 'Infinity')))
  const rises = (values: readonly number[]) => values.every((value, i) => i === 0 || values[i - 1]! <= value)
  if (!rises(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name}: bounds ${bounds}`)
  if (!rises(buckets.map(({ value }) => value))) throw new Error(`${name}: buckets are not cumulative`)
  const count = series.find(entry => entry.name === `${name}_count`)?.value
  if (count !== buckets.at(-1)!.value) throw new Error(`${name}: count ${count} is not the last bucket`)
}
