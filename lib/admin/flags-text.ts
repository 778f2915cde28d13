import type { FlagView } from './view.ts'

/** One line for each flag that was set: `-name="value"`. */
export function flagsText(flags: readonly FlagView[]): string {
  return flags
    .filter(({ isSet }) => isSet)
    .map(({ name, value }) => `-${name}=${JSON.stringify(value)}\n`)
    .join('')
}
