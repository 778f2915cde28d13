import assert from 'node:assert'

/** A target as placement sees it. */
export type WeightedTarget = {
  /** 16 hex digits, already a hash. */
  readonly id: string
  /** Samples of the last scrape; undefined before the first one. */
  readonly samples: number | undefined
}

/** Which shard holds which target. */
export type Placement = ReadonlyMap<string, number>

/** What a target is taken for until its first scrape tells. */
export const UNKNOWN_SAMPLES = 1000

/** A scrape costs as much as this many samples before the first sample of it is read: request, headers, timers. */
const SCRAPE_COST_SAMPLES = 500

/** How far above the mean a shard may be loaded. Less is more even; more lets targets keep their own choice of shard. */
const LOAD_SLACK = 0.1

/** The load that a target puts on its shard, in samples. */
export function loadOf(target: WeightedTarget): number {
  return SCRAPE_COST_SAMPLES + (target.samples ?? UNKNOWN_SAMPLES)
}

/** The greatest load that `rebalance`, or a placement that starts from nothing, gives to a shard. */
export function shardLoadMax(targets: readonly WeightedTarget[], shardCount: number): number {
  const heaviest = targets.reduce((most, target) => Math.max(most, loadOf(target)), 0)
  const mean = meanLoad(targets, shardCount)
  return Math.max(mean * (1 + LOAD_SLACK), mean + heaviest)
}

/**
 * Gives every target a shard. A target with a place keeps it, as long as that shard exists. The others go, heaviest
 * first, where their rendezvous hash points among the shards that have room for them, or to the least loaded one:
 * so light targets spread by hash alone, and a giant does not join another.
 *
 * @param targets with unique ids, in any order: the result does not depend on it
 * @param shardCount 1 or more
 * @returns the shard, 0 to `shardCount - 1`, of all `targets` and of nothing else
 */
export function place(targets: readonly WeightedTarget[], shardCount: number, placed: Placement): Map<string, number> {
  assert(shardCount >= 1)
  const loadMax = meanLoad(targets, shardCount) * (1 + LOAD_SLACK)
  const loads = new Float64Array(shardCount)
  const placement = new Map<string, number>()
  const homeless: WeightedTarget[] = []
  for (const target of targets) {
    const shard = placed.get(target.id)
    if (shard === undefined || shard >= shardCount) {
      homeless.push(target)
      continue
    }
    placement.set(target.id, shard)
    loads[shard]! += loadOf(target)
  }
  for (const target of homeless.sort(heaviestFirst)) {
    const load = loadOf(target)
    const shard = chooseShard(target.id, load, loads, loadMax)
    placement.set(target.id, shard)
    loads[shard]! += load
  }
  return placement
}

/**
 * As `place`, and then levels: targets go from the most to the least loaded shard until the two are close or nothing
 * would be won. For a changed number of shards, or weights that have drifted. Moves few: what is level stays as it is.
 */
export function rebalance(
  targets: readonly WeightedTarget[],
  shardCount: number,
  placed: Placement,
): Map<string, number> {
  const placement = place(targets, shardCount, placed)
  const shards = Array.from({ length: shardCount }, (): Shard => ({ targets: [], load: 0 }))
  for (const target of targets.toSorted(heaviestFirst)) {
    const shard = shards[placement.get(target.id)!]!
    shard.targets.push(target)
    shard.load += loadOf(target)
  }
  const gapMin = 2 * LOAD_SLACK * meanLoad(targets, shardCount)
  for (;;) {
    const to = shards.reduce((least, shard) => (shard.load < least.load ? shard : least))
    // A giant alone on its shard cannot be helped by moving it.
    const from = shards.reduce((most, shard) => (shard.targets.length > 1 && shard.load > most.load ? shard : most), to)
    const gap = from.load - to.load
    const at = gap > gapMin ? findLeveller(from.targets, gap) : -1
    if (at < 0) return placement
    const [target] = from.targets.splice(at, 1) as [WeightedTarget]
    from.load -= loadOf(target)
    insertSorted(to.targets, target)
    to.load += loadOf(target)
    placement.set(target.id, shards.indexOf(to))
  }
}

/** What a shard holds while it is being levelled; targets heaviest first. */
type Shard = { readonly targets: WeightedTarget[]; load: number }

/** Index of the heaviest target that leaves its shard the heavier one, or else of any that narrows the gap; else -1. */
function findLeveller(targets: readonly WeightedTarget[], gap: number): number {
  const halving = targets.findIndex(target => loadOf(target) <= gap / 2)
  return halving >= 0 ? halving : targets.findIndex(target => loadOf(target) < gap)
}

function insertSorted(targets: WeightedTarget[], target: WeightedTarget): void {
  const at = targets.findIndex(other => heaviestFirst(target, other) < 0)
  targets.splice(at < 0 ? targets.length : at, 0, target)
}

function meanLoad(targets: readonly WeightedTarget[], shardCount: number): number {
  return targets.reduce((sum, target) => sum + loadOf(target), 0) / shardCount
}

function heaviestFirst(a: WeightedTarget, b: WeightedTarget): number {
  return loadOf(b) - loadOf(a) || (a.id < b.id ? -1 : 1)
}

function chooseShard(id: string, load: number, loads: Float64Array, loadMax: number): number {
  let leastLoaded = 0
  let best = -1
  let bestScore = -1
  for (let shard = 0; shard < loads.length; shard++) {
    if (loads[shard]! < loads[leastLoaded]!) leastLoaded = shard
    if (loads[shard]! + load > loadMax) continue
    const score = rendezvousScore(id, shard)
    if (score > bestScore) {
      best = shard
      bestScore = score
    }
  }
  return best >= 0 ? best : leastLoaded
}

/** Ids are uniform already; what is mixed in is the shard, so that each pair draws its own lot. */
function rendezvousScore(id: string, shard: number): number {
  const high = Number.parseInt(id.slice(0, 8), 16)
  const low = Number.parseInt(id.slice(8), 16)
  return mix(mix(high ^ shard) ^ low) >>> 0
}

/** A bijection of 32 bits in which every input bit reaches every output bit (the finalizer of MurmurHash3). */
function mix(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return word ^ (word >>> 16)
}
