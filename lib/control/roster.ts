import type { TargetSpec } from '../../shared/target.ts'
import { place } from './place.ts'

/** What changes for one shard. */
export type ShardChange = { readonly added: TargetSpec[]; readonly removed: string[] }

/** Which targets there are, on which shard, and how heavy each of them is. Knows of live targets only. */
export class Roster {
  readonly #shardCount: number
  #targets: ReadonlyMap<string, TargetSpec> = new Map()
  #shards: ReadonlyMap<string, number> = new Map()
  #samples: Map<string, number> = new Map()

  constructor(shardCount: number) {
    this.#shardCount = shardCount
  }

  /** Undefined for a target that is not on the roster. */
  shardOf(id: string): number | undefined {
    return this.#shards.get(id)
  }

  /** Notes how many samples the last scrape of each of these targets had. Says nothing about where they should be. */
  weigh(samples: readonly (readonly [id: string, samples: number])[]): void {
    for (const [id, count] of samples) {
      if (this.#targets.has(id)) this.#samples.set(id, count)
    }
  }

  /**
   * From now on these are the targets, and there are no others. A target whose id was on the roster before stays where
   * it is, untouched.
   *
   * @param targets of one id the first counts
   * @returns the change for each shard, in their order
   */
  replace(targets: readonly TargetSpec[]): ShardChange[] {
    const changes = Array.from({ length: this.#shardCount }, (): ShardChange => ({ added: [], removed: [] }))
    const next = new Map<string, TargetSpec>()
    for (const target of targets) if (!next.has(target.id)) next.set(target.id, target)

    const weighted = [...next.keys()].map(id => ({ id, samples: this.#samples.get(id) }))
    const shards = place(weighted, this.#shardCount, this.#shards)
    for (const [id, shard] of this.#shards) {
      if (next.has(id)) continue
      changes[shard]!.removed.push(id)
      this.#samples.delete(id)
    }
    for (const [id, target] of next) {
      if (!this.#targets.has(id)) changes[shards.get(id)!]!.added.push(target)
    }
    this.#targets = next
    this.#shards = shards
    return changes
  }
}
