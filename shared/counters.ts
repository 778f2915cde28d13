/**
 * Named 64-bit float slots in shared memory. A block belongs to one thread, which alone writes it; any thread may
 * read it at any time. Slots are eight bytes, aligned, so a read sees one whole store; counts stay exact to 2^53.
 */
export class CounterBlock<Name extends string> {
  readonly memory: SharedArrayBuffer
  readonly #slots: Float64Array
  readonly #index: ReadonlyMap<Name, number>

  /** @param memory made by `CounterBlock.allocate` for the same `names` */
  constructor(names: readonly Name[], memory: SharedArrayBuffer, offsetBytes = 0) {
    this.memory = memory
    this.#slots = new Float64Array(memory, offsetBytes, names.length)
    this.#index = new Map(names.map((name, index) => [name, index]))
  }

  static sizeBytes(names: readonly string[]): number {
    return names.length * Float64Array.BYTES_PER_ELEMENT
  }

  static allocate(names: readonly string[]): SharedArrayBuffer {
    return new SharedArrayBuffer(CounterBlock.sizeBytes(names))
  }

  add(name: Name, amount: number): void {
    const index = this.#index.get(name)!
    this.#slots[index] = this.#slots[index]! + amount
  }

  set(name: Name, value: number): void {
    this.#slots[this.#index.get(name)!] = value
  }

  get(name: Name): number {
    return this.#slots[this.#index.get(name)!]!
  }
}

/** Upper bounds, in seconds, of the scrape duration histogram; the last bucket is +Inf. */
export const SCRAPE_DURATION_BOUNDS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const

const durationBuckets = [...SCRAPE_DURATION_BOUNDS_SECONDS, Number.POSITIVE_INFINITY].map(
  bound => `scrapeDurationBucket${bound}` as const,
)

/** What every shard counts. `…Bytes` without "total" in the comment are gauges. */
export const SHARD_COUNTERS = [
  'scrapes', // finished, failed ones included
  'scrapesFailed',
  'scrapesTimedOut',
  'scrapesSkipped', // ticks that passed while the scrape before was still running
  'scrapesOverSampleLimit',
  'scrapesOverLabelLimit',
  'scrapesOverBodyLimit',
  'samplesScraped', // lines with a value
  'samplesPublished', // handed to the ring, auto metrics and stale markers included
  'samplesDroppedByRelabeling',
  'samplesDroppedForAll', // by the rules of remote write for all destinations, auto metrics included
  'staleMarkers',
  'linesInvalid',
  'bodyWireBytes', // total, as received
  'bodyTextBytes', // total, inflated
  'stencilHits', // scrapes that were patched without a structural change
  'stencilMisses', // scrapes that changed the structure of their target block
  'chunksEncoded', // chunks compressed anew
  'seriesEncoded', // series encoded by the kernel
  'seriesLearned', // series encoded by the slow path
  'pushPrometheusReads', // pieces of pushed text that were read
  'pushPrometheusRows', // samples in them, also those that relabeling dropped
  'pushPrometheusInvalid', // lines
  'pushPrometheusErrors', // bodies that could not be read to their end
  'pushPrometheusMetadata', // metrics whose type or help was passed on
  'ringWaits', // times that a shard waited for room in its ring
  'ringWaitMs',
  'scrapeDurationSumSeconds',
  'scrapeLagMaxMs', // gauge: worst lateness of a scrape start in the last minute
  ...durationBuckets,
  'targets', // gauges from here on
  'targetsUp',
  'series',
  'heartbeatMs',
  'accountTargetBlocksBytes',
  'accountKernelBytes',
  'accountBodiesBytes',
  'accountRingBytes',
  'accountHeapBytes',
  'accountExternalBytes',
] as const
export type ShardCounter = (typeof SHARD_COUNTERS)[number]

/** What every shard counts for each destination; these blocks follow that of the shard, in the order of the URLs. */
export const SHARD_DESTINATION_COUNTERS = [
  'samplesDroppedByRules', // of its own; auto metrics included
] as const
export type ShardDestinationCounter = (typeof SHARD_DESTINATION_COUNTERS)[number]

/** Memory for the counters of a shard, those for its destinations included. */
export function allocateShardCounters(destinations: number): SharedArrayBuffer {
  const ownBytes = CounterBlock.sizeBytes(SHARD_COUNTERS)
  return new SharedArrayBuffer(ownBytes + destinations * CounterBlock.sizeBytes(SHARD_DESTINATION_COUNTERS))
}

/** What a shard counts for each destination, in their order. */
export function shardDestinationCounters(memory: SharedArrayBuffer): CounterBlock<ShardDestinationCounter>[] {
  const blocks: CounterBlock<ShardDestinationCounter>[] = []
  const blockBytes = CounterBlock.sizeBytes(SHARD_DESTINATION_COUNTERS)
  for (let at = CounterBlock.sizeBytes(SHARD_COUNTERS); at < memory.byteLength; at += blockBytes) {
    blocks.push(new CounterBlock(SHARD_DESTINATION_COUNTERS, memory, at))
  }
  return blocks
}

/** What the writer counts as a whole. */
export const WRITER_COUNTERS = [
  'segments',
  'blocks',
  'blockSamples',
  'segmentBytes',
  'heartbeatMs',
  'accountQueueBytes',
  'accountHeapBytes',
  'accountExternalBytes',
] as const
export type WriterCounter = (typeof WRITER_COUNTERS)[number]

/** What the writer counts for each destination; its blocks follow that of the writer, in the order of the URLs. */
export const DESTINATION_COUNTERS = [
  'requests2xx',
  'requests3xx',
  'requests4xx',
  'requests5xx',
  'bytesSent',
  'blocksSent',
  'samplesSent',
  'samplesQueued', // those put in its queue, dropped ones included
  'retries',
  'errors', // requests that got no answer
  'blocksDropped', // refused for ever by the destination
  'samplesDropped',
  'bytesDropped',
  'sendDurationSumSeconds',
  'queueBlocks', // gauges from here on
  'queueBytes',
  'queueBytesMax',
  'queueHighWaterBytes',
] as const
export type DestinationCounter = (typeof DESTINATION_COUNTERS)[number]
