// The writer as a thread, over its protocol.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { CounterBlock, DESTINATION_COUNTERS, WRITER_COUNTERS } from '../../shared/counters.ts'
import { createDoorbell, Doorbell } from '../../shared/doorbell.ts'
import { KIND_SEGMENT } from '../../shared/frame.ts'
import type { FromWriter, ToWriter } from '../../shared/protocol.ts'
import { createRing, RingProducer } from '../../shared/ring.ts'
import { Sink } from './sink.ts'
import { destinationSpec, segmentOf } from './support.ts'

function startWorker(t: ExecutionContext, url: string) {
  const worker = new Worker(new URL('../../workers/writer.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
  t.teardown(() => worker.terminate())
  const messages: FromWriter[] = []
  worker.on('message', (message: FromWriter) => messages.push(message))
  const shard = {
    ring: createRing(4096),
    dataBell: createDoorbell(),
    roomBell: createDoorbell(),
    counters: new SharedArrayBuffer(8),
  }
  const bytes = CounterBlock.sizeBytes(WRITER_COUNTERS) + CounterBlock.sizeBytes(DESTINATION_COUNTERS)
  const post = (message: ToWriter) => worker.postMessage(message)
  post({
    type: 'start',
    shards: [shard],
    destinations: [destinationSpec(url)],
    counters: new SharedArrayBuffer(bytes),
    options: { flushIntervalMs: 5, blockRawBytesMax: 2 ** 20, blockSamplesMax: 10_000 },
  })
  const publish = (text: string) => {
    const producer = new RingProducer(shard.ring)
    const segment = segmentOf(text)
    producer.bytes.set(segment, producer.claim(segment.length, KIND_SEGMENT))
    producer.commit()
    new Doorbell(shard.dataBell).ring()
  }
  return { worker, messages, post, publish }
}

test('the thread says ready, delivers, stops with an account of losses and exits by itself', async t => {
  const sink = await Sink.open(t)
  const { worker, messages, post, publish } = startWorker(t, sink.url)
  publish('first')
  await sink.until(() => sink.accepted.length === 1)
  publish('second')
  post({ type: 'stop', graceMs: 10_000 })
  const [exitCode] = await once(worker, 'exit')
  t.is(exitCode, 0)
  t.deepEqual(sink.accepted, ['first', 'second'])
  t.deepEqual(messages, [{ type: 'ready' }, { type: 'stopped', blocksLost: 0, samplesLost: 0 }])
})

test('with a destination that hangs, the thread exits after its grace and tells what is lost', async t => {
  const sink = await Sink.open(t, () => ({ hang: true }))
  const { worker, messages, post, publish } = startWorker(t, sink.url)
  publish('first')
  await sink.until(() => sink.requests.length === 1)
  publish('second')
  post({ type: 'stop', graceMs: 50 })
  const [exitCode] = await once(worker, 'exit')
  t.is(exitCode, 0)
  t.deepEqual(messages.at(-1), { type: 'stopped', blocksLost: 2, samplesLost: 2 })
})

test('a URL that cannot be written to fails the start, and the thread exits', async t => {
  const { worker, messages } = startWorker(t, 'nonsense')
  const [exitCode] = await once(worker, 'exit')
  t.is(exitCode, 0)
  t.is(messages.length, 1)
  t.like(messages[0], { type: 'failed', error: { code: 'FLAG_INVALID', retryable: false } })
})
