import test from 'ava'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import snappy from 'snappy'
import { Batch } from '../../lib/writer/batch.ts'
import type { Block } from '../../lib/writer/block.ts'
import { BufferPool, classBytes } from '../../lib/writer/buffer-pool.ts'
import { KIND_METADATA, KIND_SEGMENT, SEGMENT_HEADER_BYTES } from '../../shared/frame.ts'
import { segmentOf } from './support.ts'

const NO_LIMITS = { blockRawBytesMax: 2 ** 30, blockSamplesMax: 2 ** 30 }

function batchOf(limits = NO_LIMITS) {
  const blocks: Block[] = []
  const pool = new BufferPool()
  const batch = new Batch({ shard: 3, destinations: 5 }, pool, limits, block => blocks.push(block))
  const append = (raw: Uint8Array | string, samples = 1, kind = KIND_SEGMENT) => {
    const segment = segmentOf(raw, samples)
    // Somewhere in a bigger array, as in a ring.
    const ring = Buffer.alloc(segment.length + 24, 0xee)
    ring.set(segment, 16)
    batch.append(ring, 16, 16 + segment.length, kind)
  }
  return { blocks, pool, batch, append }
}

function rawOf(block: Block): Buffer {
  return snappy.uncompressSync(Buffer.from(block.body)) as Buffer
}

test('a block is a snappy block of the concatenated segments', t => {
  const { batch, blocks, append } = batchOf()
  append('first ', 2)
  append('second second second second ', 3)
  append('third', 0, KIND_METADATA)
  t.deepEqual(blocks, [])
  batch.close()
  t.is(blocks.length, 1)
  t.is(rawOf(blocks[0]!).toString(), 'first second second second second third')
  t.like(blocks[0], { rawBytes: 39, samples: 5, shard: 3, destinations: 5 })
})

test('an empty batch makes no block', t => {
  const { batch, blocks, append } = batchOf()
  batch.close()
  t.true(batch.isEmpty)
  append('x')
  t.false(batch.isEmpty)
  batch.close()
  batch.close()
  t.true(batch.isEmpty)
  t.is(blocks.length, 1)
})

test('concatenated write requests are one write request', t => {
  const { WriteRequest } = protobuf.parse(`syntax = "proto3";
    message WriteRequest { repeated TimeSeries timeseries = 1; repeated Metadata metadata = 3; }
    message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
    message Label { string name = 1; string value = 2; }
    message Sample { double value = 1; int64 timestamp = 2; }
    message Metadata { string metric_family_name = 2; }
  `).root as unknown as { WriteRequest: protobuf.Type }
  const request = (name: string, value: number) => ({
    timeseries: [{ labels: [{ name: '__name__', value: name }], samples: [{ value, timestamp: 1_600_000_000_000 }] }],
  })
  const { batch, blocks, append } = batchOf()
  append(WriteRequest.encode(request('up', 1)).finish())
  append(WriteRequest.encode({ metadata: [{ metricFamilyName: 'up' }] }).finish(), 0, KIND_METADATA)
  append(WriteRequest.encode(request('down', -0.5)).finish())
  batch.close()
  t.deepEqual(WriteRequest.toObject(WriteRequest.decode(rawOf(blocks[0]!)), { longs: Number }), {
    timeseries: [...request('up', 1).timeseries, ...request('down', -0.5).timeseries],
    metadata: [{ metricFamilyName: 'up' }],
  })
})

for (const rawBytes of [0, 1, 127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21, 5_000_000]) {
  test(`a raw length of ${rawBytes} B is written as a varint`, t => {
    const { batch, blocks, append } = batchOf()
    append(new Uint8Array(rawBytes))
    batch.close()
    t.deepEqual(rawOf(blocks[0]!), Buffer.alloc(rawBytes))
  })
}

test('a segment beyond a limit closes the block before it and gets one of its own', t => {
  const bySamples = batchOf({ blockRawBytesMax: 1000, blockSamplesMax: 10 })
  for (const samples of [4, 6, 1, 50, 1]) bySamples.append('x', samples)
  bySamples.batch.close()
  t.deepEqual(
    bySamples.blocks.map(block => block.samples),
    [10, 1, 50, 1],
  )
  const byBytes = batchOf({ blockRawBytesMax: 100, blockSamplesMax: 1000 })
  for (const bytes of [60, 40, 1, 300, 100]) byBytes.append('x'.repeat(bytes))
  byBytes.batch.close()
  t.deepEqual(
    byBytes.blocks.map(block => block.rawBytes),
    [100, 1, 300, 100],
  )
})

test('a frame of an unknown kind or shorter than its header is a bug', t => {
  const { batch } = batchOf()
  t.throws(() => batch.append(Buffer.alloc(32), 0, 32, 7), { message: 'frame of unknown kind 7' })
  t.throws(() => batch.append(Buffer.alloc(32), 0, 15, KIND_SEGMENT), { message: /15 B is shorter/ })
})

test('a small block takes little memory, even if the blocks before it were big', t => {
  const { batch, blocks, append } = batchOf()
  const noise = new Uint8Array(300_000).map((_, index) => (index * 2_654_435_761) >>> 13)
  append(noise)
  batch.close()
  append('small')
  batch.close()
  t.true(blocks[0]!.memoryBytes >= blocks[0]!.body.length)
  t.is(blocks[1]!.memoryBytes, classBytes(blocks[1]!.body.length))
})

const segments = fc.array(
  fc.record({
    raw: fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 300 }) },
      { weight: 2, arbitrary: fc.string({ maxLength: 200 }).map(text => new TextEncoder().encode(text.repeat(20))) },
      {
        weight: 1,
        arbitrary: fc.integer({ min: 1, max: 40_000 }).map(n => new Uint8Array(n).map((_, i) => (i * i) >> 3)),
      },
    ),
    samples: fc.integer({ min: 0, max: 400 }),
    kind: fc.constantFrom(KIND_SEGMENT, KIND_SEGMENT, KIND_METADATA),
    closeAfter: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
    release: fc.boolean(),
  }),
  { maxLength: 60 },
)
const limitsArbitrary = fc.record({
  blockRawBytesMax: fc.integer({ min: 1, max: 60_000 }),
  blockSamplesMax: fc.integer({ min: 1, max: 2000 }),
})

test('any segments come out once, in order, within the limits, and all memory comes back', t => {
  fc.assert(
    fc.property(segments, limitsArbitrary, (script, limits) => {
      const { batch, blocks, pool, append } = batchOf(limits)
      const rawParts: Buffer[] = []
      let released = 0
      const release = () => {
        const block = blocks[released++]!
        rawParts.push(rawOf(block))
        block.release()
      }
      for (const { raw, samples, kind, closeAfter, release: doRelease } of script) {
        append(raw, samples, kind)
        if (closeAfter) batch.close()
        if (doRelease && released < blocks.length) release() // its buffer is used again
      }
      batch.close()
      while (released < blocks.length) release()
      t.deepEqual(Buffer.concat(rawParts), Buffer.concat(script.map(segment => segment.raw)))
      const largest = {
        raw: Math.max(limits.blockRawBytesMax, ...script.map(segment => segment.raw.length)),
        samples: Math.max(limits.blockSamplesMax, ...script.map(segment => segment.samples)),
      }
      t.true(blocks.every(block => block.rawBytes <= largest.raw && block.samples <= largest.samples))
      t.is(
        blocks.reduce((sum, block) => sum + block.samples, 0),
        script.reduce((sum, segment) => sum + segment.samples, 0),
      )
      t.is(pool.takenBytes, 0)
      pool.trim()
      pool.trim()
      t.is(pool.bytes, 0)
    }),
    { numRuns: 150 },
  )
})

test('the header of a frame is no part of the block', t => {
  const { batch, blocks } = batchOf()
  batch.append(Buffer.alloc(SEGMENT_HEADER_BYTES), 0, SEGMENT_HEADER_BYTES, KIND_METADATA)
  batch.close()
  t.deepEqual([...blocks[0]!.body], [0])
})
