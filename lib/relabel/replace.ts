import type { RelabelRuleSpec } from '../../shared/target.ts'
import { joinValues, labelValue, setLabel } from './labels.ts'
import { compilePattern, replaceWhole, SearchPattern } from './pattern.ts'
import { type Action, type RuleStep, regexOf } from './rule.ts'
import { fillLabels, refersToLabels, Template } from './template.ts'

// Actions that write a label from what an expression finds in the source labels.

function compileReplace(rule: RelabelRuleSpec): RuleStep {
  const { sourceLabels, separator, targetLabel, replacement } = rule
  const regex = regexOf(rule)
  const pattern = compilePattern(regex)
  const target = new Template(targetLabel, pattern.groupNames)
  const value = new Template(replacement, pattern.groupNames)
  const takesLabels = refersToLabels(replacement)
  return labels => {
    const joined = joinValues(labels, sourceLabels, separator)
    let template = value
    if (takesLabels) {
      template = new Template(
        fillLabels(replacement, name => labelValue(labels, name)),
        pattern.groupNames,
      )
    }
    const replaced = replaceWhole(pattern, regex, joined, template)
    if (replaced === undefined) return true
    setLabel(labels, target.literal ?? target.expand(pattern.capture(joined)!), replaced)
    return true
  }
}

function compileReplaceAll(rule: RelabelRuleSpec): RuleStep {
  const { sourceLabels, separator, targetLabel, replacement } = rule
  const search = new SearchPattern(regexOf(rule), replacement)
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
