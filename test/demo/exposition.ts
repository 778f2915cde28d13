/** What a text in the Prometheus format holds. */
export type Exposition = {
  /** By name and labels, as written. */
  readonly values: ReadonlyMap<string, number>
  /** By family. */
  readonly types: ReadonlyMap<string, string>
  readonly help: ReadonlySet<string>
}

/** @throws {Error} a line is not valid, or a series is there twice */
export function readExposition(text: string): Exposition {
  const values = new Map<string, number>()
  const types = new Map<string, string>()
  const help = new Set<string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const [, comment, family, rest] = /^# (HELP|TYPE) ([a-z_0-9]+) (.+)$/.exec(line) ?? []
    const [, series, value] =
      /^([a-z_0-9]+(?:\{(?:[a-z]+="[^"\\]*"(?:, ?|(?=\})))+\})?) (-?[0-9.e+]+)$/.exec(line) ?? []
    if (comment === 'HELP') help.add(family!)
    else if (comment === 'TYPE') types.set(family!, rest!)
    else if (series === undefined || values.has(series)) throw new Error(`invalid or twice: ${line}`)
    else values.set(series, Number(value))
  }
  return { values, types, help }
}

/** The family of a series. */
export function familyOf(series: string, { types }: Exposition): string {
  const name = /^[a-z_0-9]+/.exec(series)![0]
  return types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
}
