import type { Label, RelabelRuleSpec } from '../../shared/target.ts'
import { RelabelError } from './error.ts'
import { FILTER_ACTIONS } from './filter.ts'
import { GRAPHITE_ACTIONS } from './graphite.ts'
import { copyLabels, keepWhere, type MutableLabel } from './labels.ts'
import { NAME_ACTIONS } from './names.ts'
import { REPLACE_ACTIONS } from './replace.ts'
import { type Action, checkFields, type RuleStep } from './rule.ts'
import { compileSelector, type Selector } from './selector.ts'
import { VALUE_ACTIONS } from './values.ts'

export type { MutableLabel } from './labels.ts'

const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>(
  Object.entries({ ...REPLACE_ACTIONS, ...FILTER_ACTIONS, ...NAME_ACTIONS, ...VALUE_ACTIONS, ...GRAPHITE_ACTIONS }),
)

/** All actions that a rule may have. */
export const ACTION_NAMES: readonly string[] = [...ACTIONS.keys()]

/** What labels are after a rule. */
export type RelabelStep = {
  /** Place of the rule in the list, from 0; the number of rules for what is taken away after the last one. */
  readonly rule: number
  /** Undefined if they are dropped. Empty labels are among them until the last step. */
  readonly labels: readonly Label[] | undefined
}

/** A list of rules, ready to be applied. It holds no state from one set of labels to the next. */
export class Relabeling {
  readonly #steps: readonly RuleStep[]

  /** @throws {RelabelError} naming the first rule that cannot be used, by its place in the list from 1 */
  constructor(specs: readonly RelabelRuleSpec[]) {
    this.#steps = specs.map((spec, index) => {
      try {
        return compileRule(spec)
      } catch (cause) {
        if (!(cause instanceof RelabelError)) throw cause
        throw new RelabelError(cause.field, `relabeling rule ${index + 1}: ${cause.message}`, { cause })
      }
    })
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0
  }

  /**
   * Applies the rules in order, in place. New labels are appended, others keep their places. Labels without name or
   * value are taken away after the last rule; without rules nothing is touched. Sorting is up to the caller.
   *
   * @returns false if the labels are dropped, by a rule or because none are left; they are unspecified then
   */
  apply(labels: MutableLabel[]): boolean {
    if (this.isEmpty) return true
    for (const step of this.#steps) {
      if (!applyStep(step, labels)) return false
    }
    return dropEmpty(labels)
  }

  /**
   * Applies the rules one at a time, as `apply` does, and gives the labels after each of them. Ends with the rule that
   * drops them, or else with a step for the labels without name or value, if there are any, be there rules or not.
   *
   * @param start is not changed
   */
  *trace(start: readonly Label[]): Generator<RelabelStep> {
    const labels = copyLabels(start)
    for (const [rule, step] of this.#steps.entries()) {
      const isKept = applyStep(step, labels)
      yield { rule, labels: isKept ? copyLabels(labels) : undefined }
      if (!isKept) return
    }
    const count = labels.length
    const isKept = dropEmpty(labels)
    if (labels.length < count) yield { rule: this.#steps.length, labels: isKept ? labels : undefined }
  }
}

/** False if the rule drops the labels, or leaves none. */
function applyStep(step: RuleStep, labels: MutableLabel[]): boolean {
  return step(labels) && labels.length > 0
}

/** Takes away labels without name or value; false if none are left. */
function dropEmpty(labels: MutableLabel[]): boolean {
  keepWhere(labels, isNotEmpty)
  return labels.length > 0
}

const isNotEmpty = ({ name, value }: Label): boolean => name !== '' && value !== ''

/** @throws {RelabelError} naming the first rule that cannot be used, by its place in the list from 1 */
export function compileRules(specs: readonly RelabelRuleSpec[]): Relabeling {
  return new Relabeling(specs)
}

/** @throws {RelabelError} naming the field at fault */
export function compileRule(spec: RelabelRuleSpec): RuleStep {
  const action = ACTIONS.get(spec.action)
  if (action === undefined) {
    throw new RelabelError('action', `unknown action ${JSON.stringify(spec.action)}; known: ${ACTION_NAMES.join(', ')}`)
  }
  checkFields(spec, action)
  const step = action.compile(spec)
  if (spec.if === undefined || spec.if.length === 0) return step
  const selectors = spec.if.map(compileIf)
  const whenNot = action.keeps !== true
  return labels => (selectors.some(selects => selects(labels)) ? step(labels) : whenNot)
}

function compileIf(source: string, index: number): Selector {
  try {
    return compileSelector(source)
  } catch (cause) {
    if (!(cause instanceof RelabelError)) throw cause
    throw new RelabelError('if', cause.message, { cause, item: index })
  }
}
