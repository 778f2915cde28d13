import type { RelabelRuleSpec } from '../../shared/target.ts'
import { RelabelError } from './error.ts'
import { FILTER_ACTIONS } from './filter.ts'
import { GRAPHITE_ACTIONS } from './graphite.ts'
import { keepWhere, type MutableLabel } from './labels.ts'
import { NAME_ACTIONS } from './names.ts'
import { REPLACE_ACTIONS } from './replace.ts'
import { type Action, checkFields, type RuleStep } from './rule.ts'
import { compileSelector } from './selector.ts'
import { VALUE_ACTIONS } from './values.ts'

export type { MutableLabel } from './labels.ts'

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>(
  Object.entries({ ...REPLACE_ACTIONS, ...FILTER_ACTIONS, ...NAME_ACTIONS, ...VALUE_ACTIONS, ...GRAPHITE_ACTIONS }),
)

/** All actions that a rule may have. */
export const ACTION_NAMES: readonly string[] = [...ACTIONS.keys()]

/** A list of rules, ready to be applied. It holds no state from one set of labels to the next. */
export interface Relabeling {
  readonly isEmpty: boolean
  /**
   * Applies the rules in order, in place. New labels are appended, others keep their places. Labels without name or
   * value are taken away after the last rule; without rules nothing is touched. Sorting is up to the caller.
   *
   * @returns false if the labels are dropped, by a rule or because none are left; they are unspecified then
   */
  apply(labels: MutableLabel[]): boolean
}

/** @throws {RelabelError} naming the first rule that cannot be used, by its place in the list from 1 */
export function compileRules(specs: readonly RelabelRuleSpec[]): Relabeling {
  const steps = specs.map((spec, index) => {
    try {
      return compileRule(spec)
    } catch (cause) {
      if (!(cause instanceof RelabelError)) throw cause
      throw new RelabelError(cause.field, `relabeling rule ${index + 1}: ${cause.message}`, { cause })
    }
  })
  return {
    isEmpty: steps.length === 0,
    apply(labels) {
      if (steps.length === 0) return true
      for (const step of steps) {
        if (!step(labels) || labels.length === 0) return false
      }
      keepWhere(labels, label => label.name !== '' && label.value !== '')
      return labels.length > 0
    },
  }
}

/** @throws {RelabelError} naming the field at fault */
export function compileRule(spec: RelabelRuleSpec): RuleStep {
  const action = ACTIONS.get(spec.action)
  if (action === undefined) {
    throw new RelabelError('action', `unknown action ${JSON.stringify(spec.action)}; known: ${ACTION_NAMES.join(', ')}`)
  }
  if (spec.action !== 'graphite') {
    if (spec.match !== undefined) throw new RelabelError('match', 'match belongs to action graphite only')
    if (spec.labels !== undefined) throw new RelabelError('labels', 'labels belongs to action graphite only')
  }
  checkFields(spec, action)
  const step = action.compile(spec)
  if (spec.if === undefined || spec.if.length === 0) return step
  const selectors = spec.if.map(compileSelector)
  const whenNot = action.keeps !== true
  return labels => (selectors.some(selects => selects(labels)) ? step(labels) : whenNot)
}
