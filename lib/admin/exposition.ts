/*
 * The Prometheus text format, version 0.0.4:
 *
 *   # HELP name text with \\ and \n escaped
 *   # TYPE name counter
 *   name{label="value with \\ \" and \n escaped", other="x"} 1.5
 *
 * The blank after the comma is as vmagent writes it; scripts that search its text for a series rely on it.
 */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'untyped'

/** One value of a family. */
export type MetricSample = {
  /** Appended to the name of the family: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: '_bucket' | '_sum' | '_count'
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** All that `/metrics` says under one name. */
export type MetricFamily = {
  readonly name: string
  readonly type: MetricType
  /** One line, with the unit. */
  readonly help: string
  readonly samples: readonly MetricSample[]
}

/**
 * The text of the families, in the order given. What is not known is left out: a sample whose value is NaN, and a
 * family without samples.
 *
 * @param metadata writes HELP and TYPE lines
 */
export function renderExposition(families: readonly MetricFamily[], metadata: boolean): string {
  return families.map(family => renderFamily(family, metadata)).join('')
}

function renderFamily({ name, type, help, samples }: MetricFamily, metadata: boolean): string {
  const lines = samples.filter(({ value }) => !Number.isNaN(value)).map(sample => renderSample(name, sample))
  if (lines.length === 0) return ''
  return (metadata ? `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n` : '') + lines.join('')
}

function renderSample(name: string, { suffix, labels = {}, value }: MetricSample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabelValue(text)}"`)
  return `${name}${suffix ?? ''}${pairs.length > 0 ? `{${pairs.join(', ')}}` : ''} ${formatValue(value)}\n`
}

/** `1e+21` and the like are valid; infinities have their own spelling. */
export function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

export function escapeLabelValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
