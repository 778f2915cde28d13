/** Segments, blocks and times for the tests of the writer. */
import type { ExecutionContext } from 'ava'
import snappy from 'snappy'
import { Batch } from '../../lib/writer/batch.ts'
import type { Block } from '../../lib/writer/block.ts'
import { BufferPool } from '../../lib/writer/buffer-pool.ts'
import type { Clock } from '../../lib/writer/clock.ts'
import { Destination } from '../../lib/writer/destination.ts'
import { MemoryQueue } from '../../lib/writer/queue.ts'
import { CounterBlock, DESTINATION_COUNTERS, type DestinationCounter } from '../../shared/counters.ts'
import { KIND_SEGMENT, SEGMENT_HEADER_BYTES, SEGMENT_RAW_BYTES_AT, SEGMENT_SAMPLES_AT } from '../../shared/frame.ts'
import type { DestinationSpec } from '../../shared/protocol.ts'

/** A frame as shards publish it: header and snappy elements without their length. */
export function segmentOf(raw: Uint8Array | string, samples = 1): Buffer {
  const compressed = snappy.compressSync(Buffer.from(raw))
  let preambleBytes = 1
  while (compressed[preambleBytes - 1]! > 0x7f) preambleBytes++
  const elements = compressed.subarray(preambleBytes)
  const segment = Buffer.alloc(SEGMENT_HEADER_BYTES + elements.length)
  segment.writeUInt32LE(Buffer.byteLength(raw), SEGMENT_RAW_BYTES_AT)
  segment.writeUInt32LE(samples, SEGMENT_SAMPLES_AT)
  segment.set(elements, SEGMENT_HEADER_BYTES)
  return segment
}

/** A block of one segment, for all destinations. */
export function blockOf(text: string, shard = 0, pool = new BufferPool(), samples = 1): Block {
  return blockFor(0, text, shard, pool, samples)
}

/** A block of one segment, for a set of destinations. */
export function blockFor(destinations: number, text: string, shard = 0, pool = new BufferPool(), samples = 1): Block {
  const blocks: Block[] = []
  const limits = { blockRawBytesMax: 2 ** 20, blockSamplesMax: 10_000 }
  const batch = new Batch({ shard, destinations }, pool, limits, block => blocks.push(block))
  const segment = segmentOf(text, samples)
  batch.append(segment, 0, segment.length, KIND_SEGMENT)
  batch.close()
  return blocks[0]!
}

export function textOf(block: Block): string {
  return snappy.uncompressSync(Buffer.from(block.body), { asBuffer: false }) as string
}

export function destinationSpec(url: string, given: Partial<DestinationSpec> = {}): DestinationSpec {
  return {
    url,
    name: '1:secret-url',
    http: { headers: [] },
    sendTimeoutMs: 10_000,
    retryMinMs: 1000,
    retryMaxMs: 60_000,
    queues: 1,
    queueBytesMax: 2 ** 20,
    ...given,
  }
}

/**
 * A clock whose sleeps take no time, or, when `isFrozen`, last until `advance` or their signal ends them. Time goes by
 * with either only.
 */
export class TestClock implements Clock {
  readonly sleepsMs: number[] = []
  isFrozen = false
  #nowMs = 0
  readonly #sleepers = new Map<() => void, number>()

  monotonicMs(): number {
    return this.#nowMs
  }

  epochMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs
  }

  random(): number {
    return 0
  }

  /** Ends the frozen sleeps that are due by then. */
  advance(ms: number): void {
    this.#nowMs += ms
    for (const [wake, dueMs] of this.#sleepers) if (dueMs <= this.#nowMs) wake()
  }

  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.sleepsMs.push(ms)
    if (signal.aborted) return
    if (!this.isFrozen) {
      this.#nowMs += ms
      await new Promise(setImmediate)
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sleepers.set(resolve, this.#nowMs + ms)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    this.#sleepers.delete(resolve)
  }
}

/** A destination of its own queue, clock and counters; it is stopped after the test. */
export function openDestination(t: ExecutionContext, url: string, given: Partial<DestinationSpec> = {}) {
  const spec = destinationSpec(url, given)
  const clock = new TestClock()
  const counters = new CounterBlock(DESTINATION_COUNTERS, CounterBlock.allocate(DESTINATION_COUNTERS))
  const pool = new BufferPool()
  const lines: string[] = []
  let rooms = 0
  const destination = new Destination(spec, {
    queue: new MemoryQueue(spec.queues, spec.queueBytesMax),
    counters,
    clock,
    log: (level, message) => lines.push(`${level} ${message}`),
    onRoom: () => rooms++,
  })
  t.teardown(() => {
    clock.isFrozen = false
    return destination.stop(0)
  })
  const append = (text: string, shard = 0) => {
    const block = blockOf(text, shard, pool)
    destination.append(block)
    block.release()
  }
  const counted = (...names: DestinationCounter[]) => Object.fromEntries(names.map(name => [name, counters.get(name)]))
  return { destination, clock, counters, counted, pool, lines, append, rooms: () => rooms }
}
