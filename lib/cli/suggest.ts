import { FLAG_NAMES, type FlagName } from './flag-table.ts'

const SUGGESTIONS_MAX = 3

/** Flags whose names look like `wanted`, best first: mistyped ones, and those that end in it (`url`). */
export function suggestFlags(wanted: string): readonly FlagName[] {
  const text = wanted.toLowerCase()
  const distanceMax = 1 + Math.floor(text.length / 5)
  return FLAG_NAMES.map(name => ({ name, distance: distanceTo(text, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= distanceMax)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ name }) => name)
}

function distanceTo(text: string, name: string): number {
  return text !== '' && name.endsWith(`.${text}`) ? 1 : editDistance(text, name)
}

/** Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, above[column]! + 1, current[column - 1]! + 1))
    }
    above = current
  }
  return above[b.length]!
}
