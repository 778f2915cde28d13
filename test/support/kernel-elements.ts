/** One element of snappy's block format; places count from the start of the elements and of what they stand for. */
export type Element = {
  readonly kind: 'literal' | 'copy'
  /** Where its bytes begin; of a literal, those behind the tag. */
  readonly at: number
  readonly rawAt: number
  readonly length: number
  /** 0 for literals. */
  readonly offset: number
}

/** Takes apart what a compressor made, by https://github.com/google/snappy/blob/main/format_description.txt alone. */
export function elementsOf(bytes: Uint8Array): Element[] {
  const elements: Element[] = []
  let rawAt = 0
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!
    const little = (from: number, count: number): number => {
      let value = 0
      for (let byte = count - 1; byte >= 0; byte--) value = value * 256 + bytes[from + byte]!
      return value
    }
    if ((tag & 3) === 0) {
      const more = Math.max((tag >> 2) - 59, 0)
      const length = (more > 0 ? little(at + 1, more) : tag >> 2) + 1
      elements.push({ kind: 'literal', at: at + 1 + more, rawAt, length, offset: 0 })
      at += 1 + more + length
      rawAt += length
      continue
    }
    const bytesOfOffset = [1, 2, 4][(tag & 3) - 1]!
    const length = bytesOfOffset === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1
    const offset = bytesOfOffset === 1 ? (tag >> 5) * 256 + bytes[at + 1]! : little(at + 1, bytesOfOffset)
    elements.push({ kind: 'copy', at, rawAt, length, offset })
    at += 1 + bytesOfOffset
    rawAt += length
  }
  return elements
}
