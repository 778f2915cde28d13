import test from 'ava'
import { BufferPool } from '../../lib/writer/buffer-pool.ts'
import { FanOut } from '../../lib/writer/fan-out.ts'
import { Sink } from './sink.ts'
import { blockFor, blockOf, openDestination } from './support.ts'

const BLOCK_BYTES = 1024 // what the smallest block takes up

test('with one destination that is full there is no room, and nothing is dropped', async t => {
  const sink = await Sink.open(t, () => ({ hang: true }))
  const { destination, counted, pool } = openDestination(t, sink.url, { queueBytesMax: 2 * BLOCK_BYTES })
  const fanOut = new FanOut([destination])
  t.true(fanOut.hasRoom)
  for (let n = 0; n < 5; n++) fanOut.offer(blockOf(`${n}`, 0, pool), true)
  t.false(fanOut.hasRoom)
  t.deepEqual(counted('queueBlocks', 'blocksDropped'), { queueBlocks: 5, blocksDropped: 0 })
})

test('a full destination drops its oldest blocks as long as another one has room', async t => {
  const [down, up] = [await Sink.open(t, () => ({ status: 503 })), await Sink.open(t)]
  const pool = new BufferPool()
  const slow = openDestination(t, down.url, { queueBytesMax: 3 * BLOCK_BYTES })
  const fast = openDestination(t, up.url)
  slow.clock.isFrozen = true
  const fanOut = new FanOut([slow.destination, fast.destination])
  for (let n = 0; n < 10; n++) fanOut.offer(blockOf(`${n}`, 0, pool), true)
  await up.until(() => up.accepted.length === 10)
  t.deepEqual(up.accepted, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  t.deepEqual(slow.counted('queueBlocks', 'blocksDropped', 'samplesDropped'), {
    queueBlocks: 3,
    blocksDropped: 7,
    samplesDropped: 7,
  })
  t.is(slow.lines.filter(line => line.startsWith('error 1:secret-url: queue of 3072 B is full')).length, 1)
  t.deepEqual(fast.counted('blocksDropped'), { blocksDropped: 0 })
  t.is(pool.takenBytes, 3 * BLOCK_BYTES)
})

test('while all destinations are full nothing is dropped', async t => {
  const down = await Sink.open(t, () => ({ hang: true }))
  const pool = new BufferPool()
  const both = [openDestination(t, down.url, { queueBytesMax: 1 }), openDestination(t, down.url, { queueBytesMax: 1 })]
  const fanOut = new FanOut(both.map(({ destination }) => destination))
  for (let n = 0; n < 4; n++) fanOut.offer(blockOf(`${n}`, 0, pool), true)
  t.false(fanOut.hasRoom)
  for (const { counted } of both) {
    t.deepEqual(counted('queueBlocks', 'blocksDropped'), { queueBlocks: 4, blocksDropped: 0 })
  }
})

test('a block goes to the destinations that it is for, and only for these room is made', async t => {
  const [down, up] = [await Sink.open(t, () => ({ status: 503 })), await Sink.open(t)]
  const pool = new BufferPool()
  const slow = openDestination(t, down.url, { queueBytesMax: 2 * BLOCK_BYTES })
  const fast = openDestination(t, up.url)
  slow.clock.isFrozen = true
  const fanOut = new FanOut([slow.destination, fast.destination])
  for (const [n, set] of [0b01, 0b10, 0, 0b11, 0b10, 0b10].entries()) {
    fanOut.offer(blockFor(set, `${n}`, 0, pool, n + 1), true)
  }
  await up.until(() => up.accepted.length === 5)
  t.deepEqual(up.accepted, ['1', '2', '3', '4', '5'])
  t.deepEqual(slow.counted('queueBlocks', 'blocksDropped', 'samplesQueued'), {
    queueBlocks: 2,
    blocksDropped: 1,
    samplesQueued: 1 + 3 + 4,
  })
  t.deepEqual(fast.counted('samplesQueued'), { samplesQueued: 2 + 3 + 4 + 5 + 6 })
})
