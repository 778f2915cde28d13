import type { RelabelRuleSpec } from '../../shared/target.ts'
import { hashToBigInt, xxhash64 } from '../../shared/xxhash64.ts'
import { RelabelError } from './error.ts'
import { joinValues, setLabel } from './labels.ts'
import type { Action, RuleStep } from './rule.ts'

// Actions that compute a label from the joined source labels.

function compileHashMod(rule: RelabelRuleSpec): RuleStep {
  const { sourceLabels, separator, targetLabel } = rule
  if (!Number.isSafeInteger(rule.modulus) || rule.modulus <= 0) {
    throw new RelabelError('modulus', `action hashmod needs a modulus of 1 to 2^53 - 1, found ${rule.modulus}`)
  }
  const modulus = BigInt(rule.modulus)
  return labels => {
    const hash = hashToBigInt(xxhash64(joinValues(labels, sourceLabels, separator)))
    setLabel(labels, targetLabel, String(hash % modulus))
    return true
  }
}

function changeCase(change: (text: string) => string): (rule: RelabelRuleSpec) => RuleStep {
  return ({ sourceLabels, separator, targetLabel }) =>
    labels => {
      setLabel(labels, targetLabel, change(joinValues(labels, sourceLabels, separator)))
      return true
    }
}

const ASCII = /^[\0-\x7f]*$/

/** Capitals whose mapping to one character JavaScript does not know; it would write the iota beside the letter. */
const WITH_IOTA_BELOW = /[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7\u1fb3\u1fc3\u1ff3]/
const IOTA_BELOW_ALONE = 0x1fb0 // from here on, small letter and capital are 9 apart, before 8

/** Maps character by character, as Go does: none becomes two, and no character looks at its neighbours. */
export function toUpper(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase()
  return mapCharacters(text, character => {
    if (!WITH_IOTA_BELOW.test(character)) return character.toUpperCase()
    const code = character.codePointAt(0)!
    return String.fromCodePoint(code + (code < IOTA_BELOW_ALONE ? 8 : 9))
  })
}

export function toLower(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return mapCharacters(text, character => (character === 'İ' ? 'i' : character.toLowerCase()))
}

function mapCharacters(text: string, map: (character: string) => string): string {
  let mapped = ''
  for (const character of text) {
    const changed = map(character)
    const isOne = changed.length === String.fromCodePoint(changed.codePointAt(0)!).length
    mapped += isOne ? changed : character
  }
  return mapped
}

const BOTH = ['source_labels', 'target_label'] as const

export const VALUE_ACTIONS = {
  hashmod: { compile: compileHashMod, requires: BOTH },
  lowercase: { compile: changeCase(toLower), requires: BOTH },
  uppercase: { compile: changeCase(toUpper), requires: BOTH },
} as const satisfies Record<string, Action>
