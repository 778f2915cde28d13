import { type FamilyMetadata, MetadataMap, type NamedMetadata, scanMetadata } from '../learn/metadata.ts'

/**
 * What the comments of one pushed body say about its metrics. The lines of a family may lie in two pieces of the body, so
 * the family that came last is kept until the next one comes.
 */
export class PushMetadata {
  #families = new MetadataMap()

  get isEmpty(): boolean {
    return this.#families.size === 0
  }

  /** Reads the comments of whole lines. */
  scan(lines: Uint8Array): void {
    scanMetadata(lines, 0, lines.length, this.#families)
  }

  /** Families of which nothing more is expected; at the end of the body, all. They are given once. */
  take(isEnd: boolean): readonly NamedMetadata[] {
    if (this.isEmpty) return []
    const families = [...this.#families]
    this.#families = new MetadataMap()
    if (!isEnd) this.#keep(...families.pop()!)
    return families
  }

  #keep(name: string, { type, help }: FamilyMetadata): void {
    this.#families.setType(name, type)
    this.#families.setHelp(name, help)
  }
}
