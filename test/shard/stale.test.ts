import test from 'ava'
import { LEARN_AT } from '../../kernel/layout.ts'
import { closeChunk } from '../../lib/shard/kernel-chunk.ts'
import { markAllStale, staleChunks } from '../../lib/shard/stale.ts'
import { TargetBlock } from '../../lib/shard/target-block.ts'
import { decodeSeries, type ModelTarget, showStale, uncompress } from '../support/kernel-model.ts'
import { KernelRig } from '../support/kernel-rig.ts'

const TIME_MS = 1_700_000_000_000
const TARGET: ModelTarget = {
  labels: [{ name: 'job', value: 'node' }],
  honorLabels: false,
  honorTimestamps: true,
  drops: true,
}

/** Series of all kinds: plain, with timestamps of their own, dropped ones, and lines that are none. */
const bodyOf = (count: number): string =>
  Array.from({ length: count }, (_, k) => {
    if (k % 11 === 3) return `dropped{k="${k}",drop="yes"} 1\n`
    if (k % 13 === 5) return `invalid ${k} x\n`
    if (k % 7 === 1) return `own{k="${k}"} 1 ${TIME_MS - k}\n`
    if (k % 17 === 2) return `wide{k="${k}"} 1 -${k}\n`
    return `plain{k="${k}"} ${k}\n`
  }).join('')

for (const count of [0, 1, 500, 20_000]) {
  test(`every series of a target of ${count} lines is marked stale, at one time`, t => {
    const rig = new KernelRig(t, TARGET)
    rig.scrape(bodyOf(count), TIME_MS)
    const before = rig.series()
    const markers = markAllStale(rig.kernel, rig.block, TIME_MS + 5000)
    t.is(markers, before.length)
    const stale = before.map(({ labels }) => ({ labels, sample: showStale(TIME_MS + 5000) }))
    t.deepEqual(rig.series(), stale)
  })
}

test('a target that is up again after it was stale has its values again', t => {
  const rig = new KernelRig(t, TARGET)
  rig.scrape(bodyOf(300), TIME_MS)
  const before = rig.raw()
  markAllStale(rig.kernel, rig.block, TIME_MS + 1000)
  t.false(rig.scrape(bodyOf(300), TIME_MS).isChanged)
  t.true(rig.raw().equals(before))
})

test('the auto metrics are not marked with the others', t => {
  const rig = new KernelRig(t, TARGET)
  rig.kernel.exports.clearChunk()
  rig.kernel.setTime(TIME_MS)
  rig.kernel.bytes.set([0x0a, 2, 0x0a, 0], LEARN_AT)
  rig.kernel.exports.appendSeries(0n, 0, LEARN_AT, 4, 0x3ff0000000000000n, 0n, 0)
  const stencil = Uint8Array.from(closeChunk(rig.kernel).stencil)
  rig.scrape('a 1\n', TIME_MS)
  const chunks = [0]
  const block = TargetBlock.assemble(rig.block, chunks, { stencil, rawBytes: 24, timesAt: [], valuesAt: [] })
  t.is(markAllStale(rig.kernel, block, TIME_MS), 1)
  t.deepEqual(block.auto().stencil, stencil)
})

test('just those series that were not seen get a marker, in whole chunks of their own', t => {
  const rig = new KernelRig(t, TARGET)
  rig.scrape(bodyOf(2000), TIME_MS)
  const series = rig.series()
  for (const isGone of [() => true, () => false, (k: number) => k % 3 === 0, (k: number) => k === 1234]) {
    const seen = Uint8Array.from({ length: rig.block.entries }, (_, k) => (isGone(k) ? 0 : 1))
    const names = new Set(Array.from(seen, (byte, k) => (byte === 0 ? `k="${k}"` : '')))
    const gone = series.filter(({ labels }) => names.has(/k="\d+"/.exec(labels)![0]))
    const chunks = [...staleChunks(rig.kernel, rig.block, seen, TIME_MS + 1000)]
    const found = chunks.flatMap(({ stencil, rawBytes, samples }) => {
      const markers = decodeSeries(uncompress([stencil], rawBytes))
      t.is(markers.length, samples)
      t.true(samples > 0)
      return markers
    })
    t.deepEqual(
      found,
      gone.map(({ labels }) => ({ labels, sample: showStale(TIME_MS + 1000) })),
    )
    t.true(chunks.length <= Math.ceil(gone.length / 128) + 1)
  }
  t.deepEqual(rig.series(), series)
})
