import type { Label, RelabelRuleSpec } from '../../shared/target.ts'
import type { YamlMap, YamlValue } from '../yaml/value.ts'
import { writeFlowScalar, writeScalar } from '../yaml/write.ts'
import { parseRegex } from './parse-rules.ts'
import { DEFAULT_REPLACEMENT, DEFAULT_SEPARATOR } from './rule.ts'

/** The fields of one rule that say something, as texts. */
type WrittenRule = {
  readonly if?: string | readonly string[]
  readonly action?: string
  readonly source_labels?: readonly string[]
  readonly separator?: string
  readonly target_label?: string
  readonly regex?: string | readonly string[]
  readonly modulus?: string
  readonly replacement?: string
  readonly match?: string
  readonly labels?: readonly Label[]
}

/** All fields, in the order that vmagent writes them. */
const FIELDS = [
  ...(['if', 'action', 'source_labels', 'separator', 'target_label'] as const),
  ...(['regex', 'modulus', 'replacement', 'match', 'labels'] as const),
] as const satisfies readonly (keyof WrittenRule)[]

/**
 * The rule as YAML in vmagent's layout, a line or more with a newline at the end each; what the user left out is left
 * out.
 *
 * @param map is a rule that `parseRules` takes
 */
export function writeRule(map: YamlMap): string {
  const fields = FIELDS.map(name => [name, map.get(name)] as const).filter(([, value]) => value !== undefined)
  return writeFields(Object.fromEntries(fields.map(([name, value]) => [name, textsOf(name, value!)])))
}

function textsOf(name: keyof WrittenRule, value: YamlValue): string | readonly string[] | readonly Label[] {
  if (name === 'labels') {
    return value.asMap().fields.map(field => ({ name: field.name, value: field.value.asString() }))
  }
  if (name === 'source_labels') return value.asStrings()
  if (name === 'regex') return splitRegex(parseRegex(value))
  return value.isList ? value.asStrings() : value.asString()
}

/** Alternatives stand one below the other, unless a bar may be within a group or a class. */
function splitRegex(regex: string): string | readonly string[] {
  const alternatives = /[([]/.test(regex) ? [regex] : regex.split('|')
  return alternatives.length === 1 ? alternatives[0]! : alternatives
}

/** The rules as a YAML list that `parseRules` takes; `[]` if there are none. */
export function writeRules(rules: readonly RelabelRuleSpec[]): string {
  if (rules.length === 0) return '[]\n'
  return rules.map(rule => `- ${indent(writeFields(spell(rule))).trimStart()}`).join('')
}

/** Defaults are left out, for they were filled in. */
function spell(rule: RelabelRuleSpec): WrittenRule {
  const { action, sourceLabels, separator, targetLabel, regex, modulus, replacement, match, labels } = rule
  return {
    ...(rule.if !== undefined && { if: rule.if.length === 1 ? rule.if[0]! : rule.if }),
    ...(action !== 'replace' && { action }),
    ...(sourceLabels.length > 0 && { source_labels: sourceLabels }),
    ...(separator !== DEFAULT_SEPARATOR && { separator }),
    ...(targetLabel !== '' && { target_label: targetLabel }),
    ...(regex !== undefined && { regex: splitRegex(regex) }),
    ...(modulus !== 0 && { modulus: String(modulus) }),
    ...(replacement !== DEFAULT_REPLACEMENT && { replacement }),
    ...(match !== undefined && { match }),
    ...(labels !== undefined && { labels }),
  }
}

function writeFields(rule: WrittenRule): string {
  const lines = FIELDS.flatMap(name => writeField(name, rule[name]))
  return lines.length === 0 ? '{}\n' : lines.map(line => `${line}\n`).join('')
}

function writeField(name: keyof WrittenRule, value: WrittenRule[keyof WrittenRule]): readonly string[] {
  if (value === undefined) return []
  if (name === 'modulus') return [`modulus: ${value}`]
  if (typeof value === 'string') return [`${name}: ${writeScalar(value)}`]
  if (value.length === 0) return [`${name}: ${name === 'labels' ? '{}' : '[]'}`]
  if (name === 'source_labels') return [`${name}: [${value.map(item => writeFlowScalar(String(item))).join(', ')}]`]
  return [`${name}:`, ...value.map(writeItem)]
}

function writeItem(item: string | Label): string {
  return typeof item === 'string' ? `- ${writeScalar(item)}` : `  ${writeScalar(item.name)}: ${writeScalar(item.value)}`
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
