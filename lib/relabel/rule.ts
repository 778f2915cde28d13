import type { RelabelRuleSpec } from '../../shared/target.ts'
import { RelabelError } from './error.ts'
import type { MutableLabel } from './labels.ts'

/** One compiled rule. Changes the labels in place; false drops them. */
export type RuleStep = (labels: MutableLabel[]) => boolean

/** What an action asks of its rule, and how it is compiled. Names of fields are those of the configuration. */
export type Action = {
  readonly compile: (rule: RelabelRuleSpec) => RuleStep
  readonly requires?: readonly RuleField[]
  readonly forbids?: readonly RuleField[]
  /** Least number of `source_labels`. */
  readonly sourcesMin?: number
  /** A rule with `if` needs none of the required fields. */
  readonly ifSuffices?: boolean
  /** Labels that `if` does not select are dropped; other actions leave them alone. */
  readonly keeps?: boolean
}

const IS_SET = {
  source_labels: rule => rule.sourceLabels.length > 0,
  target_label: rule => rule.targetLabel !== '',
  regex: rule => rule.regex !== undefined,
  replacement: rule => rule.replacement !== DEFAULT_REPLACEMENT,
  match: rule => rule.match !== undefined && rule.match !== '',
  labels: rule => rule.labels !== undefined && rule.labels.length > 0,
} satisfies Record<string, (rule: RelabelRuleSpec) => boolean>
export type RuleField = keyof typeof IS_SET

export const DEFAULT_SEPARATOR = ';'
export const DEFAULT_REGEX = '(.*)'
export const DEFAULT_REPLACEMENT = '$1'

/** The source of the rule's expression. */
export function regexOf(rule: RelabelRuleSpec): string {
  return rule.regex ?? DEFAULT_REGEX
}

/** Fields that belong to action `graphite` only. */
const GRAPHITE_FIELDS = ['match', 'labels'] as const satisfies readonly RuleField[]

/** @throws {RelabelError} naming the field that is missing, superfluous or too short */
export function checkFields(rule: RelabelRuleSpec, action: Action): void {
  for (const field of GRAPHITE_FIELDS) {
    if (rule.action !== 'graphite' && IS_SET[field](rule)) {
      throw new RelabelError(field, `${field} belongs to action graphite only`)
    }
  }
  for (const field of action.forbids ?? []) {
    if (IS_SET[field](rule)) throw new RelabelError(field, `action ${rule.action} does not take ${field}: remove it`)
  }
  if (action.ifSuffices && rule.if !== undefined) return
  for (const field of action.requires ?? []) {
    if (!IS_SET[field](rule) || (field === 'regex' && rule.regex === ''))
      throw new RelabelError(field, `action ${rule.action} needs ${field}`)
  }
  const { sourcesMin = 0 } = action
  if (rule.sourceLabels.length < sourcesMin) {
    const found = rule.sourceLabels.length
    throw new RelabelError('source_labels', `action ${rule.action} needs ${sourcesMin} source_labels, found ${found}`)
  }
}
