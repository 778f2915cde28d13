import type { Label } from '../../shared/target.ts'

/** One label on its way through the rules; they change it in place. */
export type MutableLabel = { name: string; value: string }

export const METRIC_NAME = '__name__'

export function copyLabels(labels: readonly Label[]): MutableLabel[] {
  return labels.map(({ name, value }) => ({ name, value }))
}

/** What the names of labels begin with that are for relabeling only. */
export const INTERNAL = '__'

/** The value of a label; '' for one that is not there, as relabeling makes no difference between the two. */
export function labelValue(labels: readonly MutableLabel[], name: string): string {
  for (const label of labels) {
    if (label.name === name) return label.value
  }
  return ''
}

/** Changes a label where it stands, or appends it. An empty value is kept: it goes only after the last rule. */
export function setLabel(labels: MutableLabel[], name: string, value: string): void {
  for (const label of labels) {
    if (label.name !== name) continue
    label.value = value
    return
  }
  labels.push({ name, value })
}

export function joinValues(labels: readonly MutableLabel[], names: readonly string[], separator: string): string {
  if (names.length === 0) return ''
  let joined = labelValue(labels, names[0]!)
  for (let index = 1; index < names.length; index++) joined += separator + labelValue(labels, names[index]!)
  return joined
}

/** Removes, in place and in order, all labels that fail the test. */
export function keepWhere(labels: MutableLabel[], test: (label: MutableLabel) => boolean): void {
  let kept = 0
  for (const label of labels) {
    if (test(label)) labels[kept++] = label
  }
  labels.length = kept
}

/** Removes the labels that are for relabeling only, in place. The metric name stays. */
export function dropInternal(labels: MutableLabel[]): void {
  keepWhere(labels, ({ name }) => !name.startsWith(INTERNAL) || name === METRIC_NAME)
}
