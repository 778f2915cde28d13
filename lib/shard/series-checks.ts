import type { Label, SeriesChecks } from '../../shared/target.ts'
import { METRIC_NAME } from '../relabel/labels.ts'

/** What a series went over; a scrape that has such a series fails. */
export type Violation = {
  /** Name of the field that sets the limit. */
  readonly limit: string
  /** Which series, and what of it: for people. */
  readonly found: string
  readonly allowed: string
}

const LEGACY_METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LEGACY_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const SHOWN_CHARACTERS_MAX = 50

/** Why a series with these labels must not be: the first reason, or undefined. `labelLimit` 0 means no limit. */
export function checkSeries(
  labels: readonly Label[],
  labelLimit: number,
  checks: SeriesChecks | undefined,
): Violation | undefined {
  if (labelLimit > 0 && labels.length > labelLimit) {
    return { limit: 'label_limit', found: `${labels.length} labels of ${nameOf(labels)}`, allowed: `${labelLimit}` }
  }
  if (checks === undefined) return undefined
  for (const label of labels) {
    const violation = checkLabel(label, checks)
    if (violation !== undefined) return { ...violation, found: `${violation.found} of ${nameOf(labels)}` }
  }
  return undefined
}

function checkLabel({ name, value }: Label, checks: SeriesChecks): Violation | undefined {
  const { nameBytesMax, valueBytesMax, legacyNames } = checks
  if (nameBytesMax > 0 && Buffer.byteLength(name) > nameBytesMax) {
    const found = `${Buffer.byteLength(name)} bytes in the name of the label ${shown(name)}`
    return { limit: 'label_name_length_limit', found, allowed: `${nameBytesMax}` }
  }
  if (valueBytesMax > 0 && Buffer.byteLength(value) > valueBytesMax) {
    const found = `${Buffer.byteLength(value)} bytes in the value of the label ${shown(name)}`
    return { limit: 'label_value_length_limit', found, allowed: `${valueBytesMax}` }
  }
  if (!legacyNames) return undefined
  const isLegacy = name === METRIC_NAME ? LEGACY_METRIC.test(value) : LEGACY_LABEL.test(name)
  if (isLegacy) return undefined
  const found = `the name ${shown(name === METRIC_NAME ? value : name)}`
  return { limit: 'metric_name_validation_scheme', found, allowed: 'letters, digits and underscores' }
}

function nameOf(labels: readonly Label[]): string {
  return shown(labels.find(({ name }) => name === METRIC_NAME)?.value ?? '')
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text)
}
