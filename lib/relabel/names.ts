import type { RelabelRuleSpec } from '../../shared/target.ts'
import { keepWhere, type MutableLabel, setLabel } from './labels.ts'
import { compilePattern, WholeReplacer } from './pattern.ts'
import { type Action, type RuleStep, regexOf } from './rule.ts'
import { compileSearch } from './search.ts'
import { Template } from './template.ts'

// Actions that look at the names of labels.

function compileLabelMap(rule: RelabelRuleSpec): RuleStep {
  const replacer = new WholeReplacer(regexOf(rule))
  const template = new Template(rule.replacement, replacer.pattern.groupNames)
  return labels => {
    const count = labels.length // labels that this rule appends are not mapped again
    for (let index = 0; index < count; index++) {
      const { name, value } = labels[index]!
      const mapped = replacer.replace(name, template)
      if (mapped !== undefined) setLabel(labels, mapped, value)
    }
    return true
  }
}

function compileLabelMapAll(rule: RelabelRuleSpec): RuleStep {
  const search = compileSearch(regexOf(rule), rule.replacement)
  return labels => {
    let isRenamed = false
    for (const label of labels) {
      const name = search.replaceAll(label.name)
      isRenamed ||= name !== label.name
      label.name = name
    }
    if (isRenamed) makeUnique(labels)
    return true
  }
}

/**
 * Two names may have become one: the first stays, which is the one that later rules would read; if it is empty, it takes
 * the value of the next.
 */
function makeUnique(labels: MutableLabel[]): void {
  const seen = new Map<string, MutableLabel>()
  keepWhere(labels, label => {
    const first = seen.get(label.name)
    if (first === undefined) seen.set(label.name, label)
    else if (first.value === '') first.value = label.value
    return first === undefined
  })
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
