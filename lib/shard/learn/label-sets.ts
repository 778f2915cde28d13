import type { Label } from '../../../shared/target.ts'

/** Without empty labels, the last of those with equal names only, sorted. */
export function finishLabels(labels: readonly Label[]): Label[] {
  const finished: Label[] = []
  for (const label of labels) {
    if (label.name === '' || label.value === '') continue
    // Labels come nearly sorted, and few at a time.
    let at = finished.length
    let order = 1
    while (at > 0) {
      order = compareUtf8(label.name, finished[at - 1]!.name)
      if (order >= 0) break
      at--
    }
    if (order === 0) finished[at - 1] = label
    else if (at === finished.length) finished.push(label)
    else finished.splice(at, 0, label)
  }
  return finished
}

/** The order of the UTF-8 bytes of two strings, which UTF-16 units do not have above U+FFFF. */
function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const unitOfA = a.charCodeAt(i)
    const unitOfB = b.charCodeAt(i)
    if (unitOfA === unitOfB) continue
    return rank(unitOfA) - rank(unitOfB)
  }
  return a.length - b.length
}

/** Surrogates stand for the highest code points. */
const rank = (unit: number): number => ((unit & 0xf800) === 0xd800 ? unit + 0x10000 : unit)
