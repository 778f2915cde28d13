import type { RelabelRuleSpec } from '../../shared/target.ts'
import { labelValue, METRIC_NAME, setLabel } from './labels.ts'
import type { Action, RuleStep } from './rule.ts'

/** Labels from the parts of a dotted metric name: `*` takes anything without a dot, even nothing. */
function compileGraphite(rule: RelabelRuleSpec): RuleStep {
  const parts = rule.match!.split('*')
  const targets = rule.labels!.map(({ name, value }) => ({ name, pieces: splitReferences(value) }))
  return labels => {
    const found = matchWildcards(parts, labelValue(labels, METRIC_NAME))
    if (found === undefined) return true
    for (const { name, pieces } of targets) {
      setLabel(labels, name, pieces.map(piece => (typeof piece === 'string' ? piece : expand(piece, found))).join(''))
    }
    return true
  }
}

/**
 * Matches the texts around the wildcards from left to right, each at the first place where it occurs: there is no way
 * back, so `x*b` does not match `xabab`.
 *
 * @returns the name, then what each wildcard stands for; undefined if it does not match
 */
function matchWildcards(parts: readonly string[], name: string): readonly string[] | undefined {
  const first = parts[0]!
  if (!name.startsWith(first)) return undefined
  const found = [name]
  let at = first.length
  for (let index = 1; index < parts.length; index++) {
    const part = parts[index]!
    const isRest = part === '' && index === parts.length - 1
    const end = isRest ? name.length : name.indexOf(part, at)
    if (end < 0) return undefined
    const wildcard = name.slice(at, end)
    if (wildcard.includes('.')) return undefined
    found.push(wildcard)
    at = end + part.length
  }
  return at === name.length ? found : undefined
}

type Reference = { readonly index: number; readonly source: string }

/** `$2` and `${2}` are references, all else is text. */
function splitReferences(template: string): readonly (string | Reference)[] {
  const parts: (string | Reference)[] = []
  let end = 0
  for (const match of template.matchAll(/\$(?:(\d+)|\{(\d+)\})/g)) {
    parts.push(template.slice(end, match.index), { index: Number(match[1] ?? match[2]), source: match[0] })
    end = match.index + match[0].length
  }
  parts.push(template.slice(end))
  return parts
}

/** A wildcard that the template does not have stays as it is written. */
function expand({ index, source }: Reference, found: readonly string[]): string {
  return found[index] ?? source
}

export const GRAPHITE_ACTIONS = {
  graphite: {
    compile: compileGraphite,
    requires: ['match', 'labels'],
    forbids: ['source_labels', 'target_label', 'regex', 'replacement'],
  },
} as const satisfies Record<string, Action>
