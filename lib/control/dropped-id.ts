import { hashToHex, xxhash64 } from '../../shared/xxhash64.ts'
import type { DroppedTarget } from './targets.ts'

/** By what a dropped target is asked for: 16 hex digits, stable as long as its labels and the reason are. */
export function droppedTargetId({ scrapePool, reason, discoveredLabels }: DroppedTarget): string {
  return hashToHex(xxhash64(JSON.stringify([scrapePool, reason, discoveredLabels.key])))
}
