import assert from 'node:assert'
import { setImmediate as turnOfEventLoop } from 'node:timers/promises'
import {
  CounterBlock,
  DESTINATION_COUNTERS,
  type DestinationCounter,
  WRITER_COUNTERS,
  type WriterCounter,
} from '../../shared/counters.ts'
import { Doorbell } from '../../shared/doorbell.ts'
import type { DestinationSpec, ShardMemory, ToWriter, WriterOptions } from '../../shared/protocol.ts'
import { type FrameHandler, RingConsumer, ringCapacityBytes } from '../../shared/ring.ts'
import { startAccounts } from './accounts.ts'
import { Batches } from './batches.ts'
import type { Block } from './block.ts'
import { BufferPool } from './buffer-pool.ts'
import { type Clock, systemClock } from './clock.ts'
import { Destination } from './destination.ts'
import { FanOut } from './fan-out.ts'
import { MemoryQueue, type Tally } from './queue.ts'
import type { Log } from './throttled-log.ts'

/** Frames of one ring at a time, so that a busy shard does not keep the others waiting. */
const FRAMES_PER_TURN = 16
/**
 * How long the writer leaves the rings alone after it has emptied them: being woken for every single scrape costs more
 * than copying it. It rests so long that the fullest ring comes to about a quarter, within these limits; an urgent ring
 * of the bell, by a shard without room, ends the rest.
 */
const REST_MS_MIN = 1
const REST_MS_MAX = 100
/** The rest is part of the way of every segment, so it is short beside the flush interval. */
const RESTS_PER_FLUSH = 10
const REST_USED_RATIO = 1 / 4

export type WriterStart = Extract<ToWriter, { readonly type: 'start' }>

/** The reading side of one shard. */
type Intake = {
  readonly ring: RingConsumer
  readonly capacityBytes: number
  readonly roomBell: Doorbell
  readonly batches: Batches
  readonly onFrame: FrameHandler
}

/**
 * The data's way from the rings to the destinations: drain, batch, queue; the destinations send by themselves.
 *
 * It sleeps on the data bell, which shards ring when they have published, and which the writer itself rings when there
 * is another reason to look: a queue has room again, blocks are due, or it is to stop. While nothing comes, it does
 * nothing.
 */
export class Writer {
  readonly #options: WriterOptions
  readonly #clock: Clock
  readonly #counters: CounterBlock<WriterCounter>
  readonly #pool = new BufferPool()
  readonly #dataBell: Doorbell
  readonly #destinations: readonly Destination[]
  readonly #fanOut: FanOut
  readonly #intakes: readonly Intake[]
  readonly #stopAccounts: () => void
  readonly #running: Promise<void>
  #isStopping = false
  #flushTimer: NodeJS.Timeout | undefined
  #isFlushDue = false
  #isWaitingForRoom = false
  #restMs = REST_MS_MIN
  #first = 0 // intake that goes first in the next turn

  /**
   * Begins to write at once.
   *
   * @throws {RemoteUrlInvalid} of one of the destinations
   */
  constructor(start: WriterStart, log: Log, clock: Clock = systemClock) {
    assert(start.shards.length > 0 && start.destinations.length > 0)
    this.#options = start.options
    this.#clock = clock
    this.#counters = new CounterBlock(WRITER_COUNTERS, start.counters)
    this.#dataBell = new Doorbell(start.shards[0]!.dataBell) // the same for all
    this.#destinations = start.destinations.map((spec, index) =>
      this.#openDestination(spec, destinationCounters(start.counters, index), log),
    )
    this.#fanOut = new FanOut(this.#destinations)
    this.#intakes = start.shards.map((memory, shard) => this.#openIntake(memory, shard))
    this.#stopAccounts = startAccounts(this.#counters, this.#pool)
    this.#running = this.#run()
  }

  /**
   * Takes the rings to their end, which all shards have reached before, delivers what it can within `graceMs` and closes
   * everything.
   *
   * @returns what stayed undelivered, summed over the destinations
   */
  async stop(graceMs: number): Promise<Tally> {
    const startMs = this.#clock.monotonicMs()
    this.#isStopping = true
    this.#dataBell.ringUrgently()
    await this.#running
    clearTimeout(this.#flushTimer)
    // Room is no matter any more: what comes is bounded by the rings, and nothing follows.
    for (const { ring, batches, onFrame, roomBell } of this.#intakes) {
      while (ring.drain(onFrame, FRAMES_PER_TURN) > 0) roomBell.ring()
      batches.close()
    }
    const graceLeftMs = Math.max(0, graceMs - (this.#clock.monotonicMs() - startMs))
    const tallies = await Promise.all(this.#destinations.map(destination => destination.stop(graceLeftMs)))
    this.#stopAccounts()
    return tallies.reduce(sum)
  }

  async #run(): Promise<void> {
    // A look comes first: what was published earlier has rung a bell that nobody heard.
    while (!this.#isStopping) {
      this.#adaptRest()
      while (this.#turn() && !this.#isStopping) await turnOfEventLoop()
      await this.#dataBell.rungUrgently(this.#restMs)
      await this.#dataBell.rung(Number.POSITIVE_INFINITY)
    }
  }

  /** Judges the rest before by what it has let come together; doubles at most. */
  #adaptRest(): void {
    const restMsMax = Math.max(REST_MS_MIN, Math.min(REST_MS_MAX, this.#options.flushIntervalMs / RESTS_PER_FLUSH))
    const usedRatio = Math.max(...this.#intakes.map(({ ring, capacityBytes }) => ring.usedBytes() / capacityBytes))
    const restMs = this.#restMs * Math.min(2, REST_USED_RATIO / usedRatio)
    this.#restMs = Math.min(restMsMax, Math.max(REST_MS_MIN, restMs))
  }

  /**
   * Takes up to FRAMES_PER_TURN frames from each ring while a queue has room.
   *
   * @returns true if a ring may hold more that there is room for
   */
  #turn(): boolean {
    if (this.#isFlushDue && this.#mayMakeBlocks()) this.#flush()
    const { length } = this.#intakes
    let mayHoldMore = false
    for (let n = 0; n < length && this.#mayMakeBlocks(); n++) {
      const { ring, onFrame, roomBell } = this.#intakes[(this.#first + n) % length]!
      const frames = ring.drain(onFrame, FRAMES_PER_TURN)
      if (frames > 0) roomBell.ring()
      if (frames === FRAMES_PER_TURN) mayHoldMore = true
    }
    this.#first = (this.#first + 1) % length
    this.#armFlush()
    return mayHoldMore && !this.#isWaitingForRoom
  }

  #mayMakeBlocks(): boolean {
    this.#isWaitingForRoom = !this.#fanOut.hasRoom
    return !this.#isWaitingForRoom
  }

  /** No segment waits in a batch for longer than the flush interval, unless for room. */
  #armFlush(): void {
    if (this.#flushTimer !== undefined || this.#isFlushDue) return
    if (this.#intakes.every(intake => intake.batches.isEmpty)) return
    this.#flushTimer = setTimeout(() => {
      this.#flushTimer = undefined
      this.#isFlushDue = true
      this.#dataBell.ringUrgently()
    }, this.#options.flushIntervalMs)
  }

  #flush(): void {
    this.#isFlushDue = false
    for (const { batches } of this.#intakes) batches.close()
  }

  #openIntake(memory: ShardMemory, shard: number): Intake {
    const batches = new Batches(shard, this.#pool, this.#options, block => this.#publish(block))
    return {
      ring: new RingConsumer(memory.ring),
      capacityBytes: ringCapacityBytes(memory.ring),
      roomBell: new Doorbell(memory.roomBell),
      batches,
      onFrame: (bytes, start, end, kind, destinations) => {
        batches.of(destinations).append(bytes, start, end, kind)
        this.#counters.add('segments', 1)
        this.#counters.add('segmentBytes', end - start)
      },
    }
  }

  #publish(block: Block): void {
    this.#counters.add('blocks', 1)
    this.#counters.add('blockSamples', block.samples)
    this.#fanOut.offer(block, !this.#isStopping)
  }

  #openDestination(spec: DestinationSpec, counters: CounterBlock<DestinationCounter>, log: Log): Destination {
    return new Destination(spec, {
      queue: new MemoryQueue(spec.queues, spec.queueBytesMax),
      counters,
      clock: this.#clock,
      log,
      onRoom: () => {
        if (this.#isWaitingForRoom) this.#dataBell.ringUrgently()
      },
    })
  }
}

/** The block of counters of one destination: behind that of the writer, in the order of the URLs. */
function destinationCounters(memory: SharedArrayBuffer, index: number): CounterBlock<DestinationCounter> {
  const offsetBytes = CounterBlock.sizeBytes(WRITER_COUNTERS) + index * CounterBlock.sizeBytes(DESTINATION_COUNTERS)
  return new CounterBlock(DESTINATION_COUNTERS, memory, offsetBytes)
}

function sum(a: Tally, b: Tally): Tally {
  return { blocks: a.blocks + b.blocks, samples: a.samples + b.samples, bytes: a.bytes + b.bytes }
}
