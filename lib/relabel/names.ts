import type { RelabelRuleSpec } from '../../shared/target.ts'
import { keepWhere, setLabel } from './labels.ts'
import { compilePattern, replaceWhole, SearchPattern } from './pattern.ts'
import { type Action, type RuleStep, regexOf } from './rule.ts'
import { Template } from './template.ts'

// Actions that look at the names of labels.

function compileLabelMap(rule: RelabelRuleSpec): RuleStep {
  const regex = regexOf(rule)
  const pattern = compilePattern(regex)
  const template = new Template(rule.replacement, pattern.groupNames)
  return labels => {
    const count = labels.length // labels that this rule appends are not mapped again
    for (let index = 0; index < count; index++) {
      const { name, value } = labels[index]!
      const mapped = replaceWhole(pattern, regex, name, template)
      if (mapped !== undefined) setLabel(labels, mapped, value)
    }
    return true
  }
}

function compileLabelMapAll(rule: RelabelRuleSpec): RuleStep {
  const search = new SearchPattern(regexOf(rule), rule.replacement)
  return labels => {
    const seen = new Set<string>()
    for (const label of labels) label.name = search.replaceAll(label.name)
    // Two names may have become one: the first stays, which is the one that later rules would read.
    keepWhere(labels, ({ name }) => !seen.has(name) && seen.add(name) !== undefined)
    return true
  }
}

function compileLabelDrop(rule: RelabelRuleSpec): RuleStep {
  const pattern = compilePattern(regexOf(rule))
  return labels => {
    keepWhere(labels, label => !pattern.matches(label.name))
    return true
  }
}

function compileLabelKeep(rule: RelabelRuleSpec): RuleStep {
  const pattern = compilePattern(regexOf(rule))
  return labels => {
    keepWhere(labels, label => pattern.matches(label.name))
    return true
  }
}

export const NAME_ACTIONS = {
  labelmap: { compile: compileLabelMap },
  labelmap_all: { compile: compileLabelMapAll },
  labeldrop: { compile: compileLabelDrop },
  labelkeep: { compile: compileLabelKeep },
} as const satisfies Record<string, Action>
