import {
  LABEL_BYTES,
  LABELS_MAX,
  STATE_TARGET_LABELS,
  TARGET_LABELS_AT,
  TARGET_LABELS_BYTES,
} from '../../kernel/layout.ts'
import type { Label } from '../../shared/target.ts'
import type { Kernel } from './kernel.ts'

const NAME_LABEL: Label = { name: '__name__', value: '' }

/**
 * Gives the kernel the labels that every series of a target gets.
 *
 * @returns false if they do not fit, or are not as simple: the host must then label every series
 */
export function storeTargetLabels(kernel: Kernel, labels: readonly Label[]): boolean {
  if (labels.some(label => label.name === NAME_LABEL.name)) return false
  const records = [NAME_LABEL, ...labels]
  const end = TARGET_LABELS_AT + TARGET_LABELS_BYTES
  let at = TARGET_LABELS_AT + records.length * LABEL_BYTES
  if (records.length > LABELS_MAX / 2) return false
  const view = new DataView(kernel.exports.memory.buffer)
  for (const [index, label] of records.entries()) {
    for (const [offset, text] of [label.name, label.value].entries()) {
      const bytes = Buffer.from(text)
      if (at + bytes.length > end) return false
      kernel.bytes.set(bytes, at)
      view.setUint32(TARGET_LABELS_AT + index * LABEL_BYTES + offset * 8, at, true)
      view.setUint32(TARGET_LABELS_AT + index * LABEL_BYTES + offset * 8 + 4, bytes.length, true)
      at += bytes.length
    }
  }
  kernel.set(STATE_TARGET_LABELS, records.length)
  return true
}
