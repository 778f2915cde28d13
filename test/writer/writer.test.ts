// The whole way from rings to HTTP, in one thread and in real time.
import test, { type ExecutionContext } from 'ava'
import { Writer } from '../../lib/writer/writer.ts'
import {
  CounterBlock,
  DESTINATION_COUNTERS,
  type DestinationCounter,
  WRITER_COUNTERS,
  type WriterCounter,
} from '../../shared/counters.ts'
import { createDoorbell, Doorbell } from '../../shared/doorbell.ts'
import { KIND_SEGMENT } from '../../shared/frame.ts'
import type { DestinationSpec, ShardMemory, WriterOptions } from '../../shared/protocol.ts'
import { createRing, RING_FULL, RingProducer } from '../../shared/ring.ts'
import { Sink } from './sink.ts'
import { destinationSpec, segmentOf } from './support.ts'

const LONG_MS = 60_000
const QUICK = { retryMinMs: 5, retryMaxMs: 20 }

type Given = {
  readonly destinations: readonly DestinationSpec[]
  readonly shards?: number
  readonly ringBytes?: number
  readonly options?: Partial<WriterOptions>
}

/** The shards' side of the memory, with the writer not yet started. */
function setUp(given: Given) {
  const dataBell = createDoorbell()
  const shards: ShardMemory[] = Array.from({ length: given.shards ?? 1 }, () => ({
    ring: createRing(given.ringBytes ?? 65_536),
    dataBell,
    roomBell: createDoorbell(),
    counters: new SharedArrayBuffer(8),
  }))
  const writerBytes = CounterBlock.sizeBytes(WRITER_COUNTERS)
  const destinationBytes = CounterBlock.sizeBytes(DESTINATION_COUNTERS)
  const counters = new SharedArrayBuffer(writerBytes + given.destinations.length * destinationBytes)
  const writerCounters = new CounterBlock<WriterCounter>(WRITER_COUNTERS, counters)
  const destinationCounters = given.destinations.map(
    (_, index) =>
      new CounterBlock<DestinationCounter>(DESTINATION_COUNTERS, counters, writerBytes + index * destinationBytes),
  )
  const producers = shards.map(({ ring, roomBell }) => ({
    ring: new RingProducer(ring),
    roomBell: new Doorbell(roomBell),
  }))
  const bell = new Doorbell(dataBell)
  const tryPublish = (shard: number, text: string, samples = 1): boolean => {
    const { ring } = producers[shard]!
    const segment = segmentOf(text, samples)
    const start = ring.claim(segment.length, KIND_SEGMENT)
    if (start !== RING_FULL) {
      ring.bytes.set(segment, start)
      ring.commit()
    }
    bell.ring()
    return start !== RING_FULL
  }
  const publish = async (shard: number, text: string) => {
    while (!tryPublish(shard, text)) await producers[shard]!.roomBell.rung(LONG_MS)
  }
  const options = { flushIntervalMs: 5, blockRawBytesMax: 2 ** 20, blockSamplesMax: 10_000, ...given.options }
  const message = { type: 'start', shards, destinations: given.destinations, counters, options } as const
  return { message, writerCounters, destinationCounters, tryPublish, publish, producers }
}

function start(t: ExecutionContext, given: Given) {
  const memory = setUp(given)
  const lines: string[] = []
  const writer = new Writer(memory.message, (level, message) => lines.push(`${level} ${message}`))
  let stopped: ReturnType<Writer['stop']> | undefined
  const stop = (graceMs: number) => {
    stopped ??= writer.stop(graceMs)
    return stopped
  }
  t.teardown(() => stop(0))
  return { ...memory, lines, stop }
}

/** Words `<shard>:0` to `<shard>:<count - 1>`, each followed by a space. */
function words(shard: number, count: number): string {
  return Array.from({ length: count }, (_, n) => `${shard}:${n} `).join('')
}

test('segments of a ring arrive as one block after the flush interval', async t => {
  const sink = await Sink.open(t)
  const { tryPublish, writerCounters } = start(t, { destinations: [destinationSpec(sink.url)] })
  for (let n = 0; n < 10; n++) tryPublish(0, `0:${n} `, 2)
  await sink.until(() => sink.accepted.length > 0)
  t.deepEqual(sink.accepted, [words(0, 10)])
  t.is(writerCounters.get('segments'), 10)
  t.is(writerCounters.get('blocks'), 1)
  t.is(writerCounters.get('blockSamples'), 20)
  t.true(writerCounters.get('segmentBytes') > 10 * 16)
  t.true(writerCounters.get('heartbeatMs') > 0)
  t.true(writerCounters.get('accountHeapBytes') > 0)
})

test('what was in the rings before the writer started is delivered', async t => {
  const sink = await Sink.open(t)
  const memory = setUp({ destinations: [destinationSpec(sink.url)], shards: 2 })
  memory.tryPublish(1, 'old ')
  const writer = new Writer(memory.message, () => {})
  t.teardown(() => writer.stop(0))
  await sink.until(() => sink.accepted.length > 0)
  t.deepEqual(sink.accepted, ['old '])
})

test('limits close blocks without waiting for the flush', async t => {
  const sink = await Sink.open(t)
  const options = { flushIntervalMs: LONG_MS, blockSamplesMax: 3 }
  const { tryPublish, stop } = start(t, { destinations: [destinationSpec(sink.url)], options })
  for (let n = 0; n < 8; n++) tryPublish(0, `0:${n} `)
  await sink.until(() => sink.accepted.length === 2)
  t.deepEqual(sink.accepted, ['0:0 0:1 0:2 ', '0:3 0:4 0:5 '])
  t.deepEqual(await stop(LONG_MS), { blocks: 0, samples: 0, bytes: 0 })
  t.is(sink.accepted[2], '0:6 0:7 ')
})

test('many shards through small rings and a failing destination: each shard in order, nothing lost or repeated', async t => {
  let count = 0
  const sink = await Sink.open(t, () => (count++ % 5 === 2 ? { status: count % 2 === 0 ? 503 : 429 } : {}))
  const { publish, stop, destinationCounters, writerCounters } = start(t, {
    destinations: [destinationSpec(sink.url, { ...QUICK, queues: 3, queueBytesMax: 20_000 })],
    shards: 5,
    ringBytes: 1024,
    options: { blockSamplesMax: 20 },
  })
  const segments = 500
  await Promise.all(
    [0, 1, 2, 3, 4].map(async shard => {
      for (let n = 0; n < segments; n++) await publish(shard, `${shard}:${n} `)
    }),
  )
  t.deepEqual(await stop(LONG_MS), { blocks: 0, samples: 0, bytes: 0 })
  for (const shard of [0, 1, 2, 3, 4]) {
    t.is(sink.accepted.filter(text => text.startsWith(`${shard}:`)).join(''), words(shard, segments))
  }
  t.is(destinationCounters[0]!.get('samplesSent'), 5 * segments)
  t.is(destinationCounters[0]!.get('blocksDropped'), 0)
  t.true(destinationCounters[0]!.get('retries') > 0)
  t.is(writerCounters.get('segments'), 5 * segments)
})

test('a single destination that is full makes shards wait; nothing is dropped, and all arrives when it is back', async t => {
  let isDown = true
  const sink = await Sink.open(t, () => (isDown ? { status: 503 } : {}))
  const { tryPublish, publish, stop, destinationCounters } = start(t, {
    destinations: [destinationSpec(sink.url, { ...QUICK, queueBytesMax: 3000 })],
    ringBytes: 1024,
    options: { blockSamplesMax: 1 },
  })
  let published = 0
  // The ring stays full when the queue is, and the writer has stopped taking from it.
  for (let refusals = 0; refusals < 20; ) {
    if (tryPublish(0, `0:${published} `)) {
      published++
      refusals = 0
    } else {
      refusals++
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }
  t.true(published < 100)
  t.is(destinationCounters[0]!.get('blocksSent'), 0)
  isDown = false
  for (; published < 200; published++) await publish(0, `0:${published} `)
  t.deepEqual(await stop(LONG_MS), { blocks: 0, samples: 0, bytes: 0 })
  t.is(sink.accepted.join(''), words(0, 200))
  t.is(destinationCounters[0]!.get('blocksDropped'), 0)
})

test('a destination that is down does not delay the other; it drops its oldest blocks', async t => {
  const [down, up] = [await Sink.open(t, () => ({ hang: true })), await Sink.open(t)]
  const { publish, stop, destinationCounters, lines } = start(t, {
    destinations: [
      destinationSpec(down.url, { ...QUICK, name: '1:down', queueBytesMax: 5000 }),
      destinationSpec(up.url, { ...QUICK, name: '2:up', queueBytesMax: 5000 }),
    ],
    ringBytes: 4096,
    options: { blockSamplesMax: 10 },
  })
  for (let n = 0; n < 1000; n++) await publish(0, `0:${n} `)
  await up.until(() => up.accepted.join('').endsWith('0:999 '))
  t.is(up.accepted.join(''), words(0, 1000))
  const lost = await stop(1000)
  const [downCounters, upCounters] = destinationCounters
  t.is(upCounters!.get('samplesSent'), 1000)
  t.is(upCounters!.get('samplesDropped'), 0)
  t.is(downCounters!.get('samplesDropped') + lost.samples, 1000)
  t.true(downCounters!.get('queueHighWaterBytes') > 0)
  t.is(lines.filter(line => line.includes('1:down: queue of 5000 B is full')).length, 1)
})

test('stopping drains rings and batches first, and counts what the grace did not suffice for', async t => {
  const [sink, down] = [await Sink.open(t), await Sink.open(t, () => ({ status: 503 }))]
  const given = { shards: 2, options: { flushIntervalMs: LONG_MS } }
  const fine = start(t, { ...given, destinations: [destinationSpec(sink.url)] })
  for (let n = 0; n < 100; n++) fine.tryPublish(n % 2, `${n % 2}:${n >> 1} `)
  t.deepEqual(await fine.stop(LONG_MS), { blocks: 0, samples: 0, bytes: 0 })
  t.deepEqual(sink.accepted.toSorted(), [words(0, 50), words(1, 50)])

  const failing = start(t, { ...given, destinations: [destinationSpec(down.url, QUICK), destinationSpec(sink.url)] })
  for (let n = 0; n < 100; n++) failing.tryPublish(n % 2, `${n % 2}:${n >> 1} `)
  const lost = await failing.stop(1500)
  t.is(lost.blocks, 2)
  t.is(lost.samples, 100)
  t.true(down.requests.length > 0)
  t.is(failing.destinationCounters[1]!.get('samplesSent'), 100)
})
