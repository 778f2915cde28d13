import { METRIC_NAME, type MutableLabel } from './labels.ts'

const NOT_IN_METRIC_NAME = /[^a-zA-Z0-9_:]/gu
const NOT_IN_LABEL_NAME = /[^a-zA-Z0-9_]/gu

/**
 * Replaces, in place, every character that Prometheus did not take before version 3 by an underscore, in the metric's name
 * and in names of labels. As in vmagent, a digit may still come first.
 */
export function useCompatibleNames(labels: MutableLabel[]): void {
  for (const label of labels) {
    if (label.name === METRIC_NAME) label.value = label.value.replace(NOT_IN_METRIC_NAME, '_')
    else label.name = label.name.replace(NOT_IN_LABEL_NAME, '_')
  }
}
