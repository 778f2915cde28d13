import { backoffMs, retryAfterMs } from '../../shared/backoff.ts'
import type { CounterBlock, DestinationCounter } from '../../shared/counters.ts'
import type { DestinationSpec } from '../../shared/protocol.ts'
import type { Block } from './block.ts'
import type { Clock } from './clock.ts'
import type { SendOutcome } from './connection.ts'
import type { BlockQueue, Tally } from './queue.ts'
import { Remote } from './remote.ts'
import { type Log, ThrottledLog } from './throttled-log.ts'

/** What a destination works with; the queue belongs to it from now on. */
export type DestinationParts = {
  readonly queue: BlockQueue
  readonly counters: CounterBlock<DestinationCounter>
  readonly clock: Clock
  readonly log: Log
  /** Called after a block has left the queue. */
  readonly onRoom: () => void
}

/** What an answer means for its block. */
export type Verdict = 'accepted' | 'refused' | 'later'

/**
 * Refused are blocks that no repetition would make acceptable: malformed (400), in conflict with what is stored (409),
 * too large (413), of an unwanted encoding (415; there is none below snappy). Everything else may change without
 * anyone touching the block, wrong tokens and paths (401, 403, 404) included, and is tried again for as long as the
 * queue holds.
 */
export function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'accepted'
  return status === 400 || status === 409 || status === 413 || status === 415 ? 'refused' : 'later'
}

/**
 * One remote write URL: its queue, its connections and its retries. The blocks of one shard go through one lane, and a
 * lane has one request at a time: the next block follows when the one before is accepted or refused for ever. So the
 * samples of a series arrive in the order of time, however many lanes there are.
 */
export class Destination {
  readonly #spec: DestinationSpec
  readonly #queue: BlockQueue
  readonly #remote: Remote
  readonly #counters: CounterBlock<DestinationCounter>
  readonly #clock: Clock
  readonly #log: ThrottledLog
  readonly #onRoom: () => void
  /** Work under way, by lane; a lane that has nothing to send is not in it. */
  readonly #working = new Map<number, Promise<void>>()
  /** Aborted to end all waits between retries; replaced when waiting is in order again. */
  #wakeUp = new AbortController()
  #isClosed = false

  constructor(spec: DestinationSpec, parts: DestinationParts) {
    this.#spec = spec
    this.#queue = parts.queue
    this.#remote = new Remote(spec)
    this.#counters = parts.counters
    this.#clock = parts.clock
    this.#log = new ThrottledLog(parts.log, parts.clock)
    this.#onRoom = parts.onRoom
    this.#counters.set('queueBytesMax', spec.queueBytesMax)
  }

  get hasRoom(): boolean {
    return this.#queue.hasRoom
  }

  /** Queues a block, of which it becomes one more holder, and sends it when its lane is free. */
  append(block: Block): void {
    const lane = block.shard % this.#spec.queues
    this.#queue.append(lane, block)
    this.#counters.add('samplesQueued', block.samples)
    this.#gauge()
    if (!this.#working.has(lane)) this.#working.set(lane, this.#work(lane))
  }

  /** Drops the oldest blocks until the queue has room or only blocks under way are left. */
  dropUntilRoom(): void {
    while (!this.#queue.hasRoom) {
      const dropped = this.#queue.dropOldest()
      if (dropped === undefined) break
      this.#countDropped(dropped)
      const limit = `${this.#spec.queueBytesMax} B`
      this.#log.log('queue full', 'error', `${this.#spec.name}: queue of ${limit} is full; dropping the oldest blocks`)
    }
    this.#gauge()
  }

  /**
   * Delivers what is queued: retries at once, then as always, until `graceMs` have passed; then closes connections.
   * Nothing may be appended any more.
   *
   * @returns what could not be delivered
   */
  async stop(graceMs: number): Promise<Tally> {
    this.#wake()
    const delivered = new AbortController()
    const work = Promise.all(this.#working.values()).then(() => delivered.abort())
    await this.#clock.sleep(graceMs, delivered.signal)
    this.#isClosed = true
    this.#wake()
    this.#remote.close()
    await work
    const lost = this.#queue.close()
    this.#gauge()
    return lost
  }

  async #work(lane: number): Promise<void> {
    for (let block = this.#queue.take(lane); block !== undefined; block = this.#queue.take(lane)) {
      if (!(await this.#deliver(lane, block))) break
      this.#queue.acknowledge(lane)
      this.#gauge()
      this.#onRoom()
    }
    this.#working.delete(lane)
  }

  /** @returns false if the destination was closed before the block was accepted or refused */
  async #deliver(lane: number, block: Block): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      const startMs = this.#clock.monotonicMs()
      const outcome = await this.#remote.send(lane, block.body)
      this.#counters.add('sendDurationSumSeconds', (this.#clock.monotonicMs() - startMs) / 1000)
      this.#countOutcome(outcome)
      const verdict = outcome.type === 'answered' ? verdictOf(outcome.status) : 'later'
      if (verdict === 'accepted') {
        this.#countSent(block)
        return true
      }
      if (verdict === 'refused') {
        this.#refuse(block, outcome)
        return true
      }
      if (this.#isClosed) return false
      this.#counters.add('retries', 1)
      await this.#waitAfter(outcome, attempt)
      if (this.#isClosed) return false
    }
  }

  async #waitAfter(outcome: SendOutcome, attempt: number): Promise<void> {
    // The next attempt is on a new connection, so it cannot end in this way.
    if (outcome.type === 'unanswered' && outcome.wasStale) return
    const { retryMinMs, retryMaxMs } = this.#spec
    const random = this.#clock.random()
    const asked = outcome.type === 'answered' ? outcome.retryAfter : undefined
    const waitMs =
      retryAfterMs(asked, this.#clock.epochMs(), retryMinMs, retryMaxMs, random) ??
      backoffMs(attempt, retryMinMs, retryMaxMs, random)
    const { reason, text } = described(outcome)
    this.#log.log(reason, 'warn', `${this.#spec.name} ${text}; trying again in ${(waitMs / 1000).toFixed(1)} s`)
    await this.#clock.sleep(waitMs, this.#wakeUp.signal)
  }

  #refuse(block: Block, outcome: SendOutcome): void {
    const { reason, text } = described(outcome)
    const what = `a block of ${block.samples} samples, ${block.body.length} B (${block.rawBytes} B raw)`
    this.#log.log(reason, 'error', `${this.#spec.name} ${text}; dropping ${what}, which it would never accept`)
    this.#countDropped({ blocks: 1, samples: block.samples, bytes: block.body.length })
  }

  #wake(): void {
    const sleepers = this.#wakeUp
    this.#wakeUp = new AbortController()
    sleepers.abort()
  }

  #countOutcome(outcome: SendOutcome): void {
    if (outcome.type === 'unanswered') this.#counters.add('errors', outcome.wasStale ? 0 : 1)
    else if (outcome.status < 300) this.#counters.add('requests2xx', 1)
    else if (outcome.status < 400) this.#counters.add('requests3xx', 1)
    else if (outcome.status < 500) this.#counters.add('requests4xx', 1)
    else this.#counters.add('requests5xx', 1)
  }

  #countSent(block: Block): void {
    this.#counters.add('blocksSent', 1)
    this.#counters.add('samplesSent', block.samples)
    this.#counters.add('bytesSent', block.body.length)
  }

  #countDropped(dropped: Tally): void {
    this.#counters.add('blocksDropped', dropped.blocks)
    this.#counters.add('samplesDropped', dropped.samples)
    this.#counters.add('bytesDropped', dropped.bytes)
  }

  #gauge(): void {
    this.#counters.set('queueBlocks', this.#queue.blocks)
    this.#counters.set('queueBytes', this.#queue.bodyBytes)
    const highWaterBytes = Math.max(this.#counters.get('queueHighWaterBytes'), this.#queue.bodyBytes)
    this.#counters.set('queueHighWaterBytes', highWaterBytes)
  }
}

/** @returns `reason`, the same for outcomes of one kind, and `text` for people, to follow the destination's name */
function described(outcome: SendOutcome): { readonly reason: string; readonly text: string } {
  if (outcome.type === 'answered') {
    const excerpt = outcome.excerpt === '' ? '' : `: ${JSON.stringify(outcome.excerpt)}`
    return { reason: `status ${outcome.status}`, text: `answered ${outcome.status}${excerpt}` }
  }
  const code = errorCode(outcome.error)
  return { reason: `error ${code}`, text: `gave no answer: ${outcome.error.message || code}` }
}

function errorCode(error: Error): string {
  return 'code' in error ? String(error.code) : error.name
}
