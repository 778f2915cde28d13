import test from 'ava'
import { ENTRY_BYTES } from '../../kernel/layout.ts'
import { type AutoChunk, type NewChunk, TargetBlock } from '../../lib/shard/target-block.ts'
import type { ModelTarget } from '../support/kernel-model.ts'
import { KernelRig, NO_AUTO_METRICS, rawOf } from '../support/kernel-rig.ts'

const TIME_MS = 1_700_000_000_000
const TARGET: ModelTarget = { labels: [], honorLabels: false, honorTimestamps: false, drops: false }
const AUTO: AutoChunk = { stencil: Uint8Array.of(1, 2, 3, 4, 5), rawBytes: 77, timesAt: [3], valuesAt: [1, 2] }

/** A chunk of made-up parts that can be told from others. */
function chunkOf(mark: number, entries: number, stencilBytes: number): NewChunk {
  const directory = new Uint32Array([entries, entries, stencilBytes, stencilBytes * 2, mark, 0])
  return {
    directory: new Uint8Array(directory.buffer),
    entries: new Uint8Array(entries * ENTRY_BYTES).fill(mark),
    stencil: new Uint8Array(stencilBytes).fill(mark),
  }
}

const partsOf = (block: TargetBlock): NewChunk[] =>
  Array.from({ length: block.chunks }, (_, chunk) => block.chunk(chunk, block.chunkStarts()))

test('a block is put together from its parts, and gives them again', t => {
  const chunks = [chunkOf(1, 3, 17), chunkOf(2, 128, 1001), chunkOf(3, 1, 0)]
  const block = TargetBlock.assemble(undefined, chunks, AUTO)
  t.deepEqual(partsOf(block), chunks)
  t.deepEqual([block.chunks, block.entries, block.countSamples()], [3, 132, 132])
  t.deepEqual(
    [block.chunkEntries(1), block.chunkSamples(1), block.chunkStencilBytes(1), block.chunkRawBytes(1)],
    [128, 128, 1001, 2002],
  )
  t.deepEqual(block.auto(), AUTO)
  t.deepEqual([...block.bytes.subarray(block.autoAt, block.autoAt + block.autoStencilBytes)], [1, 2, 3, 4, 5])
  t.deepEqual(
    [block.autoTimeAt(0), block.autoTimeAt(1), block.autoValueAt(0), block.autoValueAt(1)],
    [block.autoAt + 3, undefined, block.autoAt + 1, block.autoAt + 2],
  )
  t.is(block.autoAt - block.stencilAt, 1018)
})

test('chunks of an old block go on in a new one, in any order', t => {
  const chunks = [chunkOf(1, 3, 17), chunkOf(2, 128, 1001), chunkOf(3, 1, 2)]
  const old = TargetBlock.assemble(undefined, chunks, AUTO)
  const added = chunkOf(4, 7, 9)
  const block = TargetBlock.assemble(old, [2, added, 0], old.auto())
  t.deepEqual(partsOf(block), [chunks[2]!, added, chunks[0]!])
  t.deepEqual(block.auto(), AUTO)
  t.deepEqual(partsOf(old), chunks)
})

test('a block without series holds its auto metrics', t => {
  const block = TargetBlock.empty(AUTO)
  t.deepEqual([block.chunks, block.entries, block.countSamples()], [0, 0, 0])
  t.deepEqual(block.auto(), AUTO)
  t.is(block.stencilAt, block.autoAt)
})

test('all that a block is lies in one buffer, which can be handed on', t => {
  const rig = new KernelRig(t, TARGET)
  const body = 'a 1\nb{c="d"} 2\n'
  rig.scrape(body, TIME_MS)
  const raw = rig.raw()
  const { buffer } = rig.block.bytes
  const moved = new TargetBlock(structuredClone(buffer, { transfer: [buffer] }))
  t.is(rig.block.bytes.length, 0)
  t.true(rawOf(moved).equals(raw))

  const other = new KernelRig(t, TARGET)
  other.block = moved
  t.false(other.scrape(body, TIME_MS).isChanged)
  t.true(other.raw().equals(raw))
})

test('a steady target of 1000 series takes 60 bytes a series', t => {
  const rig = new KernelRig(t, TARGET)
  rig.scrape(Array.from({ length: 1000 }, (_, k) => `http_requests_total{code="${k}"} ${k}\n`).join(''), TIME_MS)
  t.true(rig.block.sizeBytes < 60_000, `${rig.block.sizeBytes} bytes`)
})

test('what is no block of this version is refused', t => {
  t.throws(() => new TargetBlock(new ArrayBuffer(256)), { message: /not a target block/ })
  const block = TargetBlock.empty(NO_AUTO_METRICS)
  block.words[1]!++
  t.throws(() => new TargetBlock(block.bytes.buffer), { message: /version/ })
})

test('a block that is freed leaves nothing behind, not even before a collection', t => {
  const block = TargetBlock.assemble(undefined, [chunkOf(1, 3, 17)], AUTO)
  const { buffer } = block.bytes
  block.free()
  t.true(buffer.detached)
  t.is(block.bytes.length, 0)
})
