import test from 'ava'
import fc from 'fast-check'
import { Batches } from '../../lib/writer/batches.ts'
import type { Block } from '../../lib/writer/block.ts'
import { BufferPool } from '../../lib/writer/buffer-pool.ts'
import { KIND_SEGMENT } from '../../shared/frame.ts'
import { segmentOf, textOf } from './support.ts'

function batchesOf(blockSamplesMax: number) {
  const blocks: Block[] = []
  const limits = { blockRawBytesMax: 2 ** 20, blockSamplesMax }
  const batches = new Batches(7, new BufferPool(), limits, block => blocks.push(block))
  const append = (destinations: number, text: string) => {
    const segment = segmentOf(text)
    batches.of(destinations).append(segment, 0, segment.length, KIND_SEGMENT)
  }
  return { batches, blocks, append }
}

test('frames for different destinations never share a block', t => {
  const { batches, blocks, append } = batchesOf(100)
  t.true(batches.isEmpty)
  append(0b01, 'a')
  append(0b10, 'b')
  append(0b01, 'c')
  t.false(batches.isEmpty)
  batches.close()
  t.true(batches.isEmpty)
  t.deepEqual(
    blocks.map(block => [block.shard, block.destinations, textOf(block)]),
    [
      [7, 0b01, 'ac'],
      [7, 0b10, 'b'],
    ],
  )
})

test('what a destination gets is in the order of its frames, wherever blocks close', t => {
  const frames = fc.array(
    fc.oneof(fc.record({ set: fc.constantFrom(0b0001, 0b0110, 0b1000) }), fc.constant('close' as const)),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 5 }), (frames, blockSamplesMax) => {
      const { batches, blocks, append } = batchesOf(blockSamplesMax)
      const expected = new Map<number, string>()
      for (const [n, frame] of frames.entries()) {
        if (frame === 'close') batches.close()
        else {
          append(frame.set, `${n} `)
          expected.set(frame.set, `${expected.get(frame.set) ?? ''}${n} `)
        }
      }
      batches.close()
      const found = new Map<number, string>()
      for (const block of blocks) found.set(block.destinations, (found.get(block.destinations) ?? '') + textOf(block))
      t.deepEqual([...found].sort(), [...expected].sort())
      t.true(blocks.every(block => block.samples <= blockSamplesMax))
    }),
  )
})
