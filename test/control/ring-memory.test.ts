import test from 'ava'
import {
  allocateSharedMemory,
  destinationCountersIn,
  RING_CAPACITY_BYTES,
  shardCountersIn,
  writerCountersIn,
} from '../../lib/control/ring-memory.ts'
import { SHARD_COUNTERS, shardDestinationCounters } from '../../shared/counters.ts'
import { RingConsumer, RingProducer, ringCapacityBytes, ringUsedBytes } from '../../shared/ring.ts'

test('each shard has a ring, a bell and counters of its own, and all ring the same bell', t => {
  const { shards } = allocateSharedMemory(3, 1)
  for (const part of ['ring', 'roomBell', 'counters'] as const) t.is(new Set(shards.map(shard => shard[part])).size, 3)
  t.is(new Set(shards.map(shard => shard.dataBell)).size, 1)
  for (const { ring } of shards) t.is(ringCapacityBytes(ring), RING_CAPACITY_BYTES)
  shardCountersIn(shards[1]!).add('scrapes', 5)
  t.deepEqual(
    shards.map(shard => shardCountersIn(shard).get('scrapes')),
    [0, 5, 0],
  )
})

test('a shard has counters of its own for each destination', t => {
  const [shard] = allocateSharedMemory(1, 3).shards
  const counted = () => shardDestinationCounters(shard!.counters).map(counters => counters.get('samplesDroppedByRules'))
  for (const name of SHARD_COUNTERS) shardCountersIn(shard!).set(name, 7)
  t.deepEqual(counted(), [0, 0, 0])
  for (const [index, counters] of shardDestinationCounters(shard!.counters).entries()) {
    counters.set('samplesDroppedByRules', index + 1)
  }
  t.deepEqual(counted(), [1, 2, 3])
  for (const name of SHARD_COUNTERS) t.is(shardCountersIn(shard!).get(name), 7)
})

test('counters of the writer and of the destinations do not overlap', t => {
  const memory = allocateSharedMemory(1, 3)
  const destinations = [0, 1, 2].map(index => destinationCountersIn(memory, index))
  for (const [index, counters] of destinations.entries()) {
    counters.set('requests2xx', index + 1)
    counters.set('queueHighWaterBytes', index + 10)
  }
  writerCountersIn(memory).set('segments', 99)
  writerCountersIn(memory).set('accountExternalBytes', 98)
  t.deepEqual(
    destinations.map(counters => [counters.get('requests2xx'), counters.get('queueHighWaterBytes')]),
    [
      [1, 10],
      [2, 11],
      [3, 12],
    ],
  )
})

test('an onlooker sees how full a ring is', t => {
  const [shard] = allocateSharedMemory(1, 1).shards
  const { ring } = shard!
  t.is(ringUsedBytes(ring), 0)
  const producer = new RingProducer(ring)
  const consumer = new RingConsumer(ring)
  producer.claim(100, 1)
  t.is(ringUsedBytes(ring), 0, 'a frame that is not committed does not count')
  producer.commit()
  t.is(ringUsedBytes(ring), producer.usedBytes())
  t.true(ringUsedBytes(ring) >= 100)
  consumer.drain(() => {}, 1)
  t.is(ringUsedBytes(ring), 0)
})
