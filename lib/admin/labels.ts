import type { Label } from '../../shared/target.ts'
import { METRIC_NAME } from '../relabel/labels.ts'
import { escapeLabelValue } from './exposition.ts'

/** `label="value"` */
export function labelText({ name, value }: Label): string {
  return `${name}="${escapeLabelValue(value)}"`
}

/** `{a="1",b="2"}`, in the given order. */
export function labelsText(labels: readonly Label[]): string {
  return `{${labels.map(labelText).join(',')}}`
}

/** The metric name, and the other labels sorted by name. */
export function seriesParts(labels: readonly Label[]): { metric: Label | undefined; others: readonly Label[] } {
  const metric = labels.find(label => label.name === METRIC_NAME && label.value !== '')
  const others = labels.filter(label => label !== metric).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return { metric, others }
}

/**
 * `name{a="1", b="2"}`; `{}` if there are no labels.
 *
 * @param show how the metric name or a label appears, given its text
 */
export function seriesText(labels: readonly Label[], show: (label: Label, text: string) => string): string {
  const { metric, others } = seriesParts(labels)
  const name = metric === undefined ? '' : show(metric, metric.value)
  if (metric !== undefined && others.length === 0) return name
  return `${name}{${others.map(label => show(label, labelText(label))).join(', ')}}`
}

/** As an object of JSON. */
export function labelObject(labels: readonly Label[]): Record<string, string> {
  return Object.fromEntries(labels.map(({ name, value }) => [name, value]))
}
