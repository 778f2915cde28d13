import {
  allocateShardCounters,
  CounterBlock,
  DESTINATION_COUNTERS,
  type DestinationCounter,
  SHARD_COUNTERS,
  type ShardCounter,
  WRITER_COUNTERS,
  type WriterCounter,
} from '../../shared/counters.ts'
import { createDoorbell } from '../../shared/doorbell.ts'
import type { ShardMemory } from '../../shared/protocol.ts'
import { createRing } from '../../shared/ring.ts'

/**
 * Bytes that a shard may be ahead of the writer: a power of two. It holds 40 000 samples, a fifth of a second of what a
 * shard scrapes at 200 000 samples a second. A segment may take up half of it, and takes up a quarter at most.
 */
export const RING_CAPACITY_BYTES = 1024 * 1024

/** All memory that threads share. The coordinator owns it, so it outlives each of them. */
export type SharedMemory = {
  readonly shards: readonly ShardMemory[]
  /** The writer's block of counters, and after it one for each destination. */
  readonly writerCounters: SharedArrayBuffer
}

export function allocateSharedMemory(shardCount: number, destinationCount: number): SharedMemory {
  const dataBell = createDoorbell()
  const shards = Array.from({ length: shardCount }, () => ({
    ring: createRing(RING_CAPACITY_BYTES),
    dataBell,
    roomBell: createDoorbell(),
    counters: allocateShardCounters(destinationCount),
  }))
  const writerCounters = new SharedArrayBuffer(destinationOffsetBytes(destinationCount))
  return { shards, writerCounters }
}

/** Counters of one shard, for reading. */
export function shardCountersIn(memory: ShardMemory): CounterBlock<ShardCounter> {
  return new CounterBlock(SHARD_COUNTERS, memory.counters)
}

/** Counters of the writer as a whole, for reading. */
export function writerCountersIn(memory: SharedMemory): CounterBlock<WriterCounter> {
  return new CounterBlock(WRITER_COUNTERS, memory.writerCounters)
}

/** Counters of one destination, for reading. */
export function destinationCountersIn(memory: SharedMemory, destination: number): CounterBlock<DestinationCounter> {
  return new CounterBlock(DESTINATION_COUNTERS, memory.writerCounters, destinationOffsetBytes(destination))
}

function destinationOffsetBytes(destination: number): number {
  return CounterBlock.sizeBytes(WRITER_COUNTERS) + destination * CounterBlock.sizeBytes(DESTINATION_COUNTERS)
}
