import type { ChangedTarget } from '../../shared/protocol.ts'
import type { TargetSpec } from '../../shared/target.ts'
import { place } from './place.ts'
import { jobNameOf } from './targets.ts'

/** What changes for one shard. */
export type ShardChange = {
  readonly added: TargetSpec[]
  readonly removed: string[]
  readonly changed: ChangedTarget[]
}

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
   * it is, untouched; one that was there with other options stays where it is, and changes.
   *
   * @param targets of one id the first counts
   * @returns the change for each shard, in their order
   */
  replace(targets: readonly TargetSpec[]): ShardChange[] {
    const changes = Array.from({ length: this.#shardCount }, (): ShardChange => {
      return { added: [], removed: [], changed: [] }
    })
    const next = new Map<string, TargetSpec>()
    for (const target of targets) if (!next.has(target.id)) next.set(target.id, target)

    const before = this.#predecessors(next)
    const known = new Map(this.#shards)
    for (const [id, old] of before) {
      known.set(id, this.#shards.get(old)!)
      const samples = this.#samples.get(old)
      if (samples !== undefined) this.#samples.set(id, samples)
    }
    const weighted = [...next.keys()].map(id => ({ id, samples: this.#samples.get(id) }))
    const shards = place(weighted, this.#shardCount, known)
    const succeeded = new Set(before.values())
    for (const [id, shard] of this.#shards) {
      if (next.has(id)) continue
      if (!succeeded.has(id)) changes[shard]!.removed.push(id)
      this.#samples.delete(id)
    }
    for (const [id, target] of next) {
      if (this.#targets.has(id)) continue
      const change = changes[shards.get(id)!]!
      const old = before.get(id)
      if (old === undefined) change.added.push(target)
      else change.changed.push({ before: old, spec: target })
    }
    this.#targets = next
    this.#shards = shards
    return changes
  }

  /** For each target that is new, and was there with other options: the id that it had. */
  #predecessors(next: ReadonlyMap<string, TargetSpec>): Map<string, string> {
    const gone = new Map<string, string>()
    for (const [id, target] of this.#targets) if (!next.has(id)) gone.set(identityOf(target), id)
    const before = new Map<string, string>()
    if (gone.size === 0) return before
    for (const [id, target] of next) {
      if (this.#targets.has(id)) continue
      const identity = identityOf(target)
      const old = gone.get(identity)
      if (old === undefined) continue
      before.set(id, old)
      gone.delete(identity)
    }
    return before
  }
}

/** What a target keeps when its options change. */
function identityOf(target: TargetSpec): string {
  return JSON.stringify([jobNameOf(target), target.url, target.labels])
}
