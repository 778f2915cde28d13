import type { RelabelRuleSpec } from '../../shared/target.ts'
import { joinValues, type MutableLabel, setLabel } from './labels.ts'
import { matchesAnything, WholeReplacer } from './pattern.ts'
import { type Action, type RuleStep, regexOf } from './rule.ts'
import { compileSearch } from './search.ts'
import { LabelTemplate, Template } from './template.ts'

// Actions that write a label from what an expression finds in the source labels.

function compileReplace(rule: RelabelRuleSpec): RuleStep {
  const { targetLabel } = rule
  const replacer = new WholeReplacer(regexOf(rule))
  const target = new Template(targetLabel, replacer.pattern.groupNames)
  const makeValue = plainValue(rule) ?? expandedValue(rule, replacer)
  const { sourceLabels, separator } = rule
  return labels => {
    const joined = joinValues(labels, sourceLabels, separator)
    const value = makeValue(joined, labels)
    if (value !== undefined) setLabel(labels, replacer.expand(joined, target), value)
    return true
  }
}

/** The value that the target label gets; undefined if the joined source labels do not match. */
type MakeValue = (joined: string, labels: readonly MutableLabel[]) => string | undefined

/** Of a rule that takes whatever the source labels are, and copies it or has no use for it. */
function plainValue({ regex, targetLabel, replacement }: RelabelRuleSpec): MakeValue | undefined {
  if (regex !== undefined && !matchesAnything(regex)) return undefined
  if (targetLabel.includes('$')) return undefined
  if (replacement === '$1') return joined => joined
  if (replacement.includes('$')) return undefined
  const references = LabelTemplate.parse(replacement)
  if (references === undefined) return () => replacement
  return (joined, labels) => {
    const filled = references.fill(labels)
    return filled === '$1' ? joined : filled
  }
}

function expandedValue({ replacement }: RelabelRuleSpec, replacer: WholeReplacer): MakeValue {
  const { pattern } = replacer
  const template = new Template(replacement, pattern.groupNames)
  const references = LabelTemplate.parse(replacement)
  if (references === undefined) return joined => replacer.replace(joined, template)
  return (joined, labels) => {
    if (!pattern.matches(joined)) return undefined
    // Values that are filled in may refer to groups themselves.
    return replacer.expand(joined, new Template(references.fill(labels), pattern.groupNames))
  }
}

function compileReplaceAll(rule: RelabelRuleSpec): RuleStep {
  const { sourceLabels, separator, targetLabel, replacement } = rule
  const search = compileSearch(regexOf(rule), replacement)
  return labels => {
    const joined = joinValues(labels, sourceLabels, separator)
    const replaced = search.replaceAll(joined)
    if (replaced !== joined) setLabel(labels, targetLabel, replaced)
    return true
  }
}

export const REPLACE_ACTIONS = {
  replace: { compile: compileReplace, requires: ['target_label'] },
  replace_all: { compile: compileReplaceAll, requires: ['source_labels', 'target_label'] },
} as const satisfies Record<string, Action>
