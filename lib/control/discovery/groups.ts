import { hash } from 'node:crypto'
import { fieldTable, type YamlValue } from '../../yaml/value.ts'
import type { DiscoveryKind, TargetGroup } from './provider.ts'

const GROUP_FIELDS = fieldTable('targets', 'labels')

/**
 * Reads one entry of `static_configs`, or of a file of `file_sd_configs`.
 *
 * @param source where the group comes from: a file, or the section itself
 * @throws {ConfigError}
 */
export function readTargetGroup(entry: YamlValue, kind: DiscoveryKind, source: string): TargetGroup {
  const map = entry.asMap().check(GROUP_FIELDS)
  const labels = map.get('labels')?.asMap().asPairs() ?? []
  return { kind, source, targets: map.get('targets')?.asStrings() ?? [], labels: Object.fromEntries(labels) }
}

/** A short text that stands for plain data: the same for equal data, another for all else. */
export function digest(data: unknown): string {
  return hash('sha256', JSON.stringify(data), 'base64')
}

/** The groups that a discoverer told last. Sees to it that a group that comes again is the same object. */
export class GroupMemory {
  #groups: ReadonlyMap<string, TargetGroup> = new Map()
  /** Undefined until something was told. */
  #told: string | undefined

  /** @returns the groups, those that are known already in place of their equals; undefined if nothing has changed */
  update(groups: readonly TargetGroup[]): readonly TargetGroup[] | undefined {
    const digests = groups.map(digest)
    const all = digests.join()
    if (all === this.#told) return undefined
    const kept = groups.map((group, index) => this.#groups.get(digests[index]!) ?? group)
    this.#groups = new Map(kept.map((group, index) => [digests[index]!, group]))
    this.#told = all
    return kept
  }
}
