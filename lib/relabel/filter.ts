import type { RelabelRuleSpec } from '../../shared/target.ts'
import { joinValues, labelValue, METRIC_NAME, type MutableLabel } from './labels.ts'
import { compilePattern } from './pattern.ts'
import type { Action, RuleStep } from './rule.ts'

// Actions that keep or drop all of the labels at once.

type Test = (labels: readonly MutableLabel[]) => boolean

function matchesRegex(rule: RelabelRuleSpec, sourceLabels: readonly string[]): Test {
  if (rule.regex === undefined) return () => true
  const pattern = compilePattern(rule.regex)
  return labels => pattern.matches(joinValues(labels, sourceLabels, rule.separator))
}

const bySources = (rule: RelabelRuleSpec): Test => matchesRegex(rule, rule.sourceLabels)

const byMetricName = (rule: RelabelRuleSpec): Test => matchesRegex(rule, [METRIC_NAME])

function equalsTarget({ sourceLabels, separator, targetLabel }: RelabelRuleSpec): Test {
  return labels => joinValues(labels, sourceLabels, separator) === labelValue(labels, targetLabel)
}

function allEqual({ sourceLabels }: RelabelRuleSpec): Test {
  return labels => {
    const first = labelValue(labels, sourceLabels[0]!)
    return sourceLabels.every(name => labelValue(labels, name) === first)
  }
}

function targetContainsAll({ sourceLabels, targetLabel }: RelabelRuleSpec): Test {
  return labels => {
    const text = labelValue(labels, targetLabel)
    return sourceLabels.every(name => text.includes(labelValue(labels, name)))
  }
}

const keepIf =
  (test: (rule: RelabelRuleSpec) => Test) =>
  (rule: RelabelRuleSpec): RuleStep =>
    test(rule)

function dropIf(test: (rule: RelabelRuleSpec) => Test): (rule: RelabelRuleSpec) => RuleStep {
  return rule => {
    const passes = test(rule)
    return labels => !passes(labels)
  }
}

const BY_SOURCES = { requires: ['source_labels'], ifSuffices: true } as const
const BY_METRIC_NAME = { requires: ['regex'], forbids: ['source_labels'], ifSuffices: true } as const
const EQUAL_TARGET = { requires: ['target_label'], forbids: ['regex'] } as const
const ALL_EQUAL = { forbids: ['target_label', 'regex'], sourcesMin: 2 } as const
const CONTAINS_ALL = { requires: ['target_label'], forbids: ['regex'], sourcesMin: 1 } as const

export const FILTER_ACTIONS = {
  keep: { ...BY_SOURCES, compile: keepIf(bySources), keeps: true },
  drop: { ...BY_SOURCES, compile: dropIf(bySources) },
  keepequal: { ...EQUAL_TARGET, compile: keepIf(equalsTarget) },
  dropequal: { ...EQUAL_TARGET, compile: dropIf(equalsTarget) },
  keep_if_equal: { ...ALL_EQUAL, compile: keepIf(allEqual) },
  drop_if_equal: { ...ALL_EQUAL, compile: dropIf(allEqual) },
  keep_if_contains: { ...CONTAINS_ALL, compile: keepIf(targetContainsAll) },
  drop_if_contains: { ...CONTAINS_ALL, compile: dropIf(targetContainsAll) },
  keep_metrics: { ...BY_METRIC_NAME, compile: keepIf(byMetricName), keeps: true },
  drop_metrics: { ...BY_METRIC_NAME, compile: dropIf(byMetricName) },
} as const satisfies Record<string, Action>
