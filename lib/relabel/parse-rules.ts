import type { Label, RelabelRuleSpec } from '../../shared/target.ts'
import type { ConfigError } from '../yaml/error.ts'
import { type FieldTable, fieldTable, type YamlMap, type YamlValue } from '../yaml/value.ts'
import { compileRule } from './compile.ts'
import { RelabelError } from './error.ts'
import { DEFAULT_REPLACEMENT, DEFAULT_SEPARATOR } from './rule.ts'

const RULE_FIELDS: FieldTable = fieldTable(
  'if',
  'action',
  'source_labels',
  'separator',
  'target_label',
  'regex',
  'modulus',
  'replacement',
  'match',
  'labels',
)

/** Rules of one list, and what is wrong with those that were well-formed but cannot be used. */
export type ParsedRules = { readonly rules: readonly RelabelRuleSpec[]; readonly problems: readonly ConfigError[] }

/**
 * Reads a list of relabeling rules, with defaults filled in, each one compiled once to prove it.
 *
 * @throws {ConfigError} on unknown fields and wrong types. Unknown actions, missing or superfluous fields and invalid
 *   expressions are returned as problems: a caller may leave out a job because of them and keep the others
 */
export function parseRules(list: YamlValue): ParsedRules {
  const rules: RelabelRuleSpec[] = []
  const problems: ConfigError[] = []
  for (const item of list.asList()) {
    const map = item.asMap().check(RULE_FIELDS)
    const rule = parseRule(map)
    try {
      compileRule(rule)
      rules.push(rule)
    } catch (cause) {
      if (!(cause instanceof RelabelError)) throw cause
      problems.push(placeOf(cause, map).error(cause.message, { cause }))
    }
  }
  return { rules, problems }
}

/** What an error is about: an item of a field, the field, or the whole rule if it lacks the field. */
function placeOf({ field, item }: RelabelError, rule: YamlMap): YamlValue {
  const value = rule.get(field)
  if (value === undefined) return rule.value
  return (value.isList && item !== undefined ? value.asList()[item] : undefined) ?? value
}

function parseRule(map: YamlMap): RelabelRuleSpec {
  const regex = map.get('regex')
  const selectors = map.get('if')
  const match = map.get('match')?.asString()
  const labels = map.get('labels')
  return {
    action: map.get('action')?.asString().toLowerCase() || 'replace',
    sourceLabels: map.get('source_labels')?.asStrings() ?? [],
    separator: map.get('separator')?.asString() ?? DEFAULT_SEPARATOR,
    ...(regex !== undefined && { regex: parseRegex(regex) }),
    targetLabel: map.get('target_label')?.asString() ?? '',
    replacement: map.get('replacement')?.asString() ?? DEFAULT_REPLACEMENT,
    modulus: map.get('modulus')?.asInteger() ?? 0,
    ...(selectors !== undefined && { if: parseSelectors(selectors) }),
    ...(match !== undefined && { match }),
    ...(labels !== undefined && { labels: parseLabels(labels) }),
  }
}

/** A list is an alternation of its items. */
export function parseRegex(value: YamlValue): string {
  if (value.isList) return value.asList().map(parseRegex).join('|')
  return value.isNull ? 'null' : value.asNormalisedString()
}

function parseSelectors(value: YamlValue): readonly string[] {
  return value.isList ? value.asStrings() : [value.asString()]
}

function parseLabels(value: YamlValue): readonly Label[] {
  return value.asMap().fields.map(field => ({ name: field.name, value: field.value.asString() }))
}
