import test from 'ava'
import fc from 'fast-check'
import {
  loadOf,
  place,
  rebalance,
  shardLoadMax,
  UNKNOWN_SAMPLES,
  type WeightedTarget,
} from '../../lib/control/place.ts'

const nowhere = new Map<string, number>()

const idOf = (value: bigint) => value.toString(16).padStart(16, '0')
const anyTarget = fc.record({
  id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(idOf),
  samples: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 3000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 1_000_000 }) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
})
const anyTargets = fc.uniqueArray(anyTarget, { selector: target => target.id, maxLength: 200 })
const anyShardCount = fc.integer({ min: 1, max: 16 })

/** Ids as the hash of the targets gives them: spread evenly, the same in every run. */
function targetsOf(count: number, samples?: number): WeightedTarget[] {
  return Array.from({ length: count }, (_, index) => ({
    id: idOf(BigInt.asUintN(64, BigInt(index + 1) * 0x9e3779b97f4a7c15n)),
    samples,
  }))
}

function loadsOf(targets: readonly WeightedTarget[], placement: ReadonlyMap<string, number>, shardCount: number) {
  const loads = new Array<number>(shardCount).fill(0)
  for (const target of targets) loads[placement.get(target.id)!]! += loadOf(target)
  return loads
}

function moved(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...after].filter(([id, shard]) => before.get(id) !== shard).map(([id]) => id)
}

test('a target of unknown size counts as one of 1000 samples', t => {
  t.is(loadOf({ id: idOf(1n), samples: undefined }), loadOf({ id: idOf(1n), samples: UNKNOWN_SAMPLES }))
})

test('every target gets one existing shard, and nothing else does', t => {
  fc.assert(
    fc.property(anyTargets, anyShardCount, (targets, shardCount) => {
      const placement = place(targets, shardCount, new Map([['gone', 0]]))
      t.deepEqual([...placement.keys()].sort(), targets.map(target => target.id).sort())
      for (const shard of placement.values()) t.true(Number.isInteger(shard) && shard >= 0 && shard < shardCount)
    }),
  )
  t.pass()
})

test('placement does not depend on the order of the targets', t => {
  fc.assert(
    fc.property(anyTargets, anyShardCount, (targets, shardCount) => {
      const forward = place(targets, shardCount, nowhere)
      const backward = place(targets.toReversed(), shardCount, nowhere)
      t.deepEqual([...forward].sort(), [...backward].sort())
    }),
  )
})

test('no shard is loaded above the bound', t => {
  fc.assert(
    fc.property(anyTargets, anyShardCount, (targets, shardCount) => {
      const loads = loadsOf(targets, place(targets, shardCount, nowhere), shardCount)
      t.true(Math.max(...loads) <= shardLoadMax(targets, shardCount) * (1 + Number.EPSILON * shardCount))
    }),
  )
})

test('equal targets spread within a tenth of the mean', t => {
  const targets = targetsOf(6000)
  const loads = loadsOf(targets, place(targets, 4, nowhere), 4)
  const mean = loads.reduce((sum, load) => sum + load) / 4
  t.true(Math.max(...loads) <= mean * 1.1)
  t.true(Math.min(...loads) >= mean * 0.9)
})

test('giants do not sit beside each other', t => {
  const giants = targetsOf(4).map(target => ({ ...target, samples: 1_000_000 }))
  const placement = place([...targetsOf(200, 1000).slice(4), ...giants], 4, nowhere)
  t.is(new Set(giants.map(giant => placement.get(giant.id))).size, 4)
})

test('a placed target stays, whatever becomes of the weights and of the others', t => {
  fc.assert(
    fc.property(anyTargets, anyTargets, anyShardCount, (before, after, shardCount) => {
      const placed = place(before, shardCount, nowhere)
      const grown = after.concat(before.filter(target => after.every(other => other.id !== target.id)))
      const placement = place(
        grown.map((target, index) => ({ ...target, samples: index * 977 })),
        shardCount,
        placed,
      )
      for (const [id, shard] of placed) t.is(placement.get(id), shard)
    }),
  )
  t.pass()
})

test('a rebalanced placement is within the bound, wherever it started', t => {
  fc.assert(
    fc.property(anyTargets, anyShardCount, anyShardCount, (targets, shardCount, startShard) => {
      const heap = new Map(targets.map(target => [target.id, startShard]))
      const loads = loadsOf(targets, rebalance(targets, shardCount, heap), shardCount)
      t.true(Math.max(...loads) <= shardLoadMax(targets, shardCount) * (1 + Number.EPSILON * shardCount))
    }),
  )
})

test('rebalancing again moves nothing', t => {
  fc.assert(
    fc.property(anyTargets, anyShardCount, (targets, shardCount) => {
      const placement = rebalance(targets, shardCount, nowhere)
      t.deepEqual(moved(placement, rebalance(targets, shardCount, placement)), [])
    }),
  )
})

test('a placement that needs no rebalancing is left alone', t => {
  const targets = targetsOf(1000, 300)
  const placed = place(targets, 5, nowhere)
  t.deepEqual(moved(placed, rebalance(targets, 5, placed)), [])
})

test('one shard more moves only what fills it', t => {
  for (const shardCount of [1, 2, 4, 8]) {
    const targets = targetsOf(4000)
    const placed = place(targets, shardCount, nowhere)
    const placement = rebalance(targets, shardCount + 1, placed)
    const moves = moved(placed, placement)
    t.true(moves.every(id => placement.get(id) === shardCount))
    t.true(moves.length <= targets.length / (shardCount + 1))
    t.true(moves.length >= (targets.length / (shardCount + 1)) * 0.8)
  }
})

test('one shard less moves only the targets that were on it', t => {
  for (const shardCount of [2, 4, 8]) {
    const targets = targetsOf(4000)
    const placed = place(targets, shardCount, nowhere)
    const orphans = targets.filter(target => placed.get(target.id) === shardCount - 1).map(target => target.id)
    t.deepEqual(moved(placed, rebalance(targets, shardCount - 1, placed)).sort(), orphans.sort())
  }
})
