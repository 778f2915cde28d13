import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { Publisher } from '../../lib/shard/publish.ts'
import { CounterBlock, SHARD_COUNTERS, type ShardCounter } from '../../shared/counters.ts'
import { createDoorbell, Doorbell } from '../../shared/doorbell.ts'
import {
  KIND_METADATA,
  KIND_SEGMENT,
  SEGMENT_HEADER_BYTES,
  SEGMENT_RAW_BYTES_AT,
  SEGMENT_SAMPLES_AT,
  SEGMENT_SERIES_AT,
} from '../../shared/frame.ts'
import type { ShardMemory } from '../../shared/protocol.ts'
import { createRing, RingConsumer } from '../../shared/ring.ts'
import { decodeSeries, type ModelTarget, uncompress } from '../support/kernel-model.ts'
import { KernelRig } from '../support/kernel-rig.ts'

const TIME_MS = 1_700_000_000_000
const MIB = 1 << 20
const TARGET: ModelTarget = {
  labels: [{ name: 'job', value: 'node' }],
  honorLabels: false,
  honorTimestamps: false,
  drops: false,
}

type Segment = {
  kind: number
  destinations: number
  elements: Buffer
  rawBytes: number
  samples: number
  series: number
}

/** A publisher, and the other end of its ring. */
function ringOf(capacityBytes: number) {
  const memory: ShardMemory = {
    ring: createRing(capacityBytes),
    dataBell: createDoorbell(),
    roomBell: createDoorbell(),
    counters: CounterBlock.allocate(SHARD_COUNTERS),
  }
  const counters = new CounterBlock<ShardCounter>(SHARD_COUNTERS, memory.counters)
  const consumer = new RingConsumer(memory.ring)
  const roomBell = new Doorbell(memory.roomBell)
  const segments: Segment[] = []
  const take = (count: number): number => {
    const taken = consumer.drain((bytes, start, end, kind, destinations) => {
      const view = new DataView(bytes.buffer, start)
      segments.push({
        kind,
        destinations,
        elements: Buffer.from(bytes.slice(start + SEGMENT_HEADER_BYTES, end)),
        rawBytes: view.getUint32(SEGMENT_RAW_BYTES_AT, true),
        samples: view.getUint32(SEGMENT_SAMPLES_AT, true),
        series: view.getUint32(SEGMENT_SERIES_AT, true),
      })
    }, count)
    if (taken > 0) roomBell.ring()
    return taken
  }
  return {
    publisher: new Publisher(memory, counters),
    counters,
    segments,
    take,
    dataBell: new Doorbell(memory.dataBell),
  }
}

/** Series whose text cannot be compressed, so that their stencils are large. */
function largeBody(series: number): string {
  let noise = 1
  const word = (): string => {
    noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0
    return noise.toString(36)
  }
  const text = (): string => Array.from({ length: 30 }, word).join('')
  return Array.from({ length: series }, (_, k) => `large{text="${text()}"} ${k}\n`).join('')
}

test('a small block is one segment, which counts its samples', async t => {
  const rig = new KernelRig(t, TARGET)
  rig.scrape('a 1\nb{c="d"} 2\n', TIME_MS)
  const { publisher, counters, segments, take, dataBell } = ringOf(MIB)
  await publisher.block(rig.block, 0)
  await dataBell.rung(10_000)
  t.true(publisher.usedBytes > 0)
  take(10)
  t.is(segments.length, 1)
  const { kind, elements, rawBytes, samples, series } = segments[0]!
  t.deepEqual([kind, rawBytes, samples, series], [KIND_SEGMENT, rig.raw().length, 2, 2])
  t.true(uncompress([elements], rawBytes).equals(rig.raw()))
  t.is(counters.get('samplesPublished'), 2)
  t.is(counters.get('ringWaits'), 0)
  t.is(publisher.usedBytes, 0)
})

test('a block without series is nothing to publish', async t => {
  const { publisher, take } = ringOf(MIB)
  await publisher.block(new KernelRig(t, TARGET).block, 0)
  t.is(take(1), 0)
})

test('a giant block is cut at the borders of its chunks, and its segments make it whole again', async t => {
  const rig = new KernelRig(t, TARGET)
  rig.scrape(largeBody(9000), TIME_MS)
  const { publisher, counters, segments, take } = ringOf(8 * MIB)
  await publisher.block(rig.block, 6)
  take(1000)
  t.true(segments.every(({ destinations }) => destinations === 6))
  t.true(segments.length >= 5, `${segments.length} segments`)
  t.true(segments.every(({ elements }) => elements.length <= 256 * 1024))
  const raws = segments.map(({ elements, rawBytes }) => uncompress([elements], rawBytes))
  t.true(Buffer.concat(raws).equals(rig.raw()))
  t.deepEqual(
    segments.map(({ samples }) => samples),
    raws.map(raw => decodeSeries(raw).length),
  )
  t.is(counters.get('samplesPublished'), 9000)
})

test('segments of several targets concatenate to one block', async t => {
  const rig = new KernelRig(t, TARGET)
  const { publisher, segments, take } = ringOf(8 * MIB)
  const expected: Buffer[] = []
  for (let target = 0; target < 50; target++) {
    rig.scrape(`a{target="${target}"} ${target}\nsame 1\n`, TIME_MS + target)
    expected.push(rig.raw())
    await publisher.block(rig.block, 0)
  }
  take(1000)
  const rawBytes = segments.reduce((sum, segment) => sum + segment.rawBytes, 0)
  const pieces = segments.map(({ elements }) => elements)
  t.true(uncompress(pieces, rawBytes).equals(Buffer.concat(expected)))
})

test('a full ring makes the shard wait, and nothing is lost', async t => {
  const rig = new KernelRig(t, TARGET)
  rig.scrape(largeBody(9000), TIME_MS)
  const { publisher, counters, segments, take } = ringOf(MIB)
  let isDone = false
  const published = publisher.block(rig.block, 0)?.then(() => {
    isDone = true
  })
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  t.false(isDone)
  t.is(counters.get('ringWaits'), 1)
  while (!isDone) {
    take(1)
    await setImmediate()
  }
  await published
  take(1000)
  const raws = segments.map(({ elements, rawBytes }) => uncompress([elements], rawBytes))
  t.true(Buffer.concat(raws).equals(rig.raw()))
  t.is(counters.get('samplesPublished'), 9000)
  t.true(counters.get('ringWaits') > 1)
})

test('metadata is a literal that may stand among segments', async t => {
  const { publisher, counters, segments, take } = ringOf(MIB)
  const raws = [1, 60, 61, 256, 257, 65_536].map(bytes => Buffer.alloc(bytes, bytes % 251))
  for (const raw of raws) await publisher.metadata(raw, 5)
  take(100)
  for (const [index, { kind, destinations, elements, rawBytes, samples, series }] of segments.entries()) {
    t.deepEqual([kind, destinations, rawBytes, samples, series], [KIND_METADATA, 5, raws[index]!.length, 0, 0])
    t.true(uncompress([elements], rawBytes).equals(raws[index]!))
  }
  t.is(segments.length, raws.length)
  t.is(counters.get('samplesPublished'), 0)
  t.throws(() => publisher.metadata(new Uint8Array(0), 0))
  t.throws(() => publisher.metadata(new Uint8Array(65_537), 0))
})
