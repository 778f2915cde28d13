import type { RelabelRuleSpec } from '../../shared/target.ts'

/** A rule with the defaults that the configuration gives. */
export function ruleOf(fields: Partial<RelabelRuleSpec> & { readonly action: string }): RelabelRuleSpec {
  return { sourceLabels: [], separator: ';', targetLabel: '', replacement: '$1', modulus: 0, ...fields }
}

/** Gives every series a label. */
export function setLabelRule(name: string, value: string): RelabelRuleSpec {
  return ruleOf({ action: 'replace', targetLabel: name, replacement: value })
}

/** Drops series by their names. */
export function dropRule(names: string): RelabelRuleSpec {
  return ruleOf({ action: 'drop', sourceLabels: ['__name__'], regex: names })
}
