import type { Label } from '../../shared/target.ts'

/** What V8 takes for an object with two fields, and for a string beside its characters. */
const OBJECT_BYTES = 32
const STRING_BYTES = 16
const SLOT_BYTES = 8

/** Jobs have a few: targets of one kind of discovery differ in optional labels only. */
const LISTS_MAX = 1000

const SEPARATOR = '\0'

/**
 * The labels that a target was discovered with, as pages and the API show them: one string for all values beside names
 * that targets share, which is a quarter of what objects would take. It is a string of its own, so that it does not
 * keep alive the answer of the discovery that the values were cut from.
 */
export class OriginalLabels {
  static readonly NONE = new OriginalLabels([], '')
  readonly names: readonly string[]
  readonly #values: string

  /** @param values joined as `LabelPacker` does */
  constructor(names: readonly string[], values: string) {
    this.names = names
    this.#values = values
  }

  /** Sorted by name. */
  unpack(): Label[] {
    if (this.names.length === 0) return []
    const values = this.#values.split(SEPARATOR)
    return this.names.map((name, index) => ({ name, value: unescapeValue(values[index]!) }))
  }

  /** The same text for the same labels, and another one for others. */
  get key(): string {
    return `${this.names.map(escapeValue).join(SEPARATOR)}${SEPARATOR}${this.#values}`
  }

  /** Memory that these labels take, without their names. */
  get sizeBytes(): number {
    if (this.names.length === 0) return 0
    const isTwoByte = /[^\0-\xff]/.test(this.#values)
    return OBJECT_BYTES + STRING_BYTES + this.#values.length * (isTwoByte ? 2 : 1)
  }
}

/** Packs the labels of many targets; those with equal names share them. Remembers so many lists of names. */
export class LabelPacker {
  readonly #names = new Map<string, readonly string[]>()

  /** @param labels unique by name, in any order */
  pack(labels: readonly Label[]): OriginalLabels {
    const sorted = labels.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    return new OriginalLabels(
      this.#share(sorted.map(label => label.name)),
      sorted.map(label => escapeValue(label.value)).join(SEPARATOR),
    )
  }

  #share(names: readonly string[]): readonly string[] {
    const key = names.map(escapeValue).join(SEPARATOR)
    const known = this.#names.get(key)
    if (known !== undefined) return known
    if (this.#names.size >= LISTS_MAX) this.#names.clear()
    this.#names.set(key, names)
    return names
  }
}

/** Memory of all these labels together. */
export function sizeOf(all: Iterable<OriginalLabels>): number {
  const names = new Set<readonly string[]>()
  let sizeBytes = 0
  for (const labels of all) {
    sizeBytes += labels.sizeBytes
    names.add(labels.names)
  }
  for (const list of names) sizeBytes += OBJECT_BYTES + list.length * SLOT_BYTES
  return sizeBytes
}

/** So that values may hold the separator. */
function escapeValue(value: string): string {
  if (!value.includes('\\') && !value.includes(SEPARATOR)) return value
  return value.replaceAll('\\', '\\\\').replaceAll(SEPARATOR, '\\0')
}

function unescapeValue(value: string): string {
  if (!value.includes('\\')) return value
  return value.replaceAll(/\\(.)/gs, (_, escaped: string) => (escaped === '0' ? SEPARATOR : escaped))
}
