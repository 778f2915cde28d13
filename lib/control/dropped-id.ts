import { hash } from 'node:crypto'
import type { DroppedTarget } from './targets.ts'

/**
 * By what a dropped target is asked for: 16 hex digits, the same as long as its labels and the reason are. It is not
 * kept but made for those that are looked at; 10000 of them take a tenth of a second.
 */
export function droppedTargetId({ scrapePool, reason, discoveredLabels }: DroppedTarget): string {
  return hash('sha1', `${JSON.stringify([scrapePool, reason])}${discoveredLabels.key}`).slice(0, 16)
}
