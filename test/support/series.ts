import type { MutableLabel } from '../../lib/relabel/labels.ts'

/** Reads `name{label="value","quoted label"="value"}`; strings have the escapes of JSON. */
export function labelsOf(series: string): MutableLabel[] {
  const [, name = '', inner = ''] = /^([^{]*)(?:\{(.*)\})?$/s.exec(series)!
  const labels = name === '' ? [] : [{ name: '__name__', value: name }]
  for (const [, quoted, plain, value] of inner.matchAll(/(?:"([^"]*)"|([^\s,="]+))="((?:[^"\\]|\\.)*)"/g)) {
    labels.push({ name: (quoted ?? plain)!, value: JSON.parse(`"${value}"`) as string })
  }
  return labels
}

/** Writes a series without its hidden labels, sorted. */
export function seriesOf(labels: readonly MutableLabel[]): string {
  const name = labels.find(label => label.name === '__name__')?.value ?? ''
  const shown = labels
    .filter(label => !label.name.startsWith('__'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(label => `${label.name}=${JSON.stringify(label.value)}`)
  return shown.length === 0 && name !== '' ? name : `${name}{${shown.join(', ')}}`
}
