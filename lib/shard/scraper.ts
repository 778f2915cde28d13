import { randomInt } from 'node:crypto'
import { KIND_OVER_LIMIT } from '../../kernel/layout.ts'
import type { CounterBlock, ShardCounter } from '../../shared/counters.ts'
import type { PenstockError } from '../../shared/errors.ts'
import type { ShardOptions } from '../../shared/protocol.ts'
import type { TargetSpec } from '../../shared/target.ts'
import { AUTO_LABELS_BYTES_MAX, autoBlock, markAutoStale, storeAutoTime } from './auto-chunk.ts'
import { kernelChecksum } from './checksum.ts'
import { createInflater, type Inflater } from './inflate.ts'
import { Kernel } from './kernel.ts'
import { type AutoMetric, autoMetricsOf } from './learn/auto-metrics.ts'
import { encodeLabels } from './learn/encode-series.ts'
import { encodeMetadata, MetadataMap, scanMetadata } from './learn/metadata.ts'
import { LearnHost } from './learn-host.ts'
import type { Publisher } from './publish.ts'
import { seeRespelled } from './respelled.ts'
import { Round } from './round.ts'
import type { RoundCounts } from './round-counts.ts'
import { BodyReader } from './scrape-body.ts'
import { autoValue, NOTHING_SCRAPED, type ScrapeFacts } from './scrape-facts.ts'
import { markAllStale, staleChunks } from './stale.ts'
import { type ChunkSource, TargetBlock } from './target-block.ts'
import { LimitExceeded } from './target-errors.ts'
import type { TargetState } from './target-state.ts'

/** Metadata of an unchanged target is read and sent again after so long, give or take a fifth. */
const METADATA_INTERVAL_MS = 5 * 60_000
/** Series that come and go bring new metadata at most so often. */
const METADATA_CHANGE_MS = 30_000

/**
 * What happens to a target when its body is there, or is not going to be: lines through the kernel, then segments into
 * the ring. One call at a time, for there is one kernel. Owns the kernel and the inflater.
 */
export class Scraper {
  readonly kernel: Kernel
  readonly inflater: Inflater
  readonly #round: Round
  readonly #host: LearnHost
  readonly #reader: BodyReader
  readonly #publisher: Publisher
  readonly #counters: CounterBlock<ShardCounter>
  readonly #options: ShardOptions

  constructor(options: ShardOptions, publisher: Publisher, counters: CounterBlock<ShardCounter>) {
    this.#options = options
    this.#publisher = publisher
    this.#counters = counters
    this.#host = new LearnHost()
    this.kernel = new Kernel(this.#host, options.hashSeed)
    this.inflater = createInflater(kernelChecksum(this.kernel))
    this.#round = new Round(this.kernel, () => this.#host.prepare())
    this.#host.kernel = this.kernel
    this.#host.index = this.#round.index
    this.#reader = new BodyReader(this.kernel, this.inflater)
  }

  close(): void {
    this.inflater.close()
  }

  /** The block of a target that has not been scraped yet, and the auto metrics that it has places for. */
  emptyBlock(target: TargetState): { block: TargetBlock; autoMetrics: AutoMetric[] } {
    const labeler = target.labeler()
    const autoMetrics: AutoMetric[] = []
    const series: Uint8Array[] = []
    for (const metric of autoMetricsOf(target.spec)) {
      const labels = labeler.autoMetric(metric)
      const encoded = labels && encodeLabels(labels)
      if (encoded === undefined || encoded.length > AUTO_LABELS_BYTES_MAX) continue
      series.push(encoded)
      autoMetrics.push(metric)
    }
    return { block: autoBlock(this.kernel, series), autoMetrics }
  }

  /**
   * Reads the body that the target's client has received, and publishes what it says.
   *
   * @throws {PenstockError} the body cannot be used: nothing was published, `fail` must follow
   */
  async succeed(target: TargetState): Promise<void> {
    const metadata = this.#options.sendMetadata && target.dueMs >= target.metadataDueMs ? new MetadataMap() : undefined
    const old = target.block
    try {
      this.#read(target, metadata)
      await this.#publisher.block(target.block)
      if (target.block !== old && target.up) await this.#publishVanished(target, old)
    } finally {
      this.#round.forget()
      if (target.block !== old) old.free()
    }
    target.up = true
    if (metadata !== undefined) await this.#publishMetadata(target, metadata)
  }

  /** Publishes that a scrape has failed: auto metrics, and stale markers for what the target had until now. */
  async fail(target: TargetState, error: PenstockError | undefined): Promise<void> {
    const durationMs = performance.now() - target.startedMs
    const counts = error instanceof LimitExceeded ? error.counts : undefined
    this.#storeAuto(target, { ...NOTHING_SCRAPED, ...counts, durationMs })
    const wasUp = target.up
    target.up = false
    target.samples = 0
    if (!wasUp || target.job.spec.noStaleMarkers) {
      await this.#publisher.auto(target.block)
      return
    }
    this.#counters.add('staleMarkers', markAllStale(this.kernel, target.block, target.dueMs))
    await this.#publisher.block(target.block)
  }

  /** Publishes stale markers for all series of a target that is not scraped any more, auto metrics included. */
  async retire(target: TargetState, nowMs: number): Promise<void> {
    if (target.scrapes === 0 || target.job.spec.noStaleMarkers) return
    const { block } = target
    markAutoStale(block, nowMs)
    let markers = block.autoValues
    if (target.up) markers += markAllStale(this.kernel, block, nowMs)
    this.#counters.add('staleMarkers', markers)
    if (target.up) await this.#publisher.block(block)
    else await this.#publisher.auto(block)
  }

  /** Takes the body through the kernel; the target gets a new block if its series have changed. */
  #read(target: TargetState, metadata: MetadataMap | undefined): void {
    const round = this.#round
    const { client, spec, limiter, block: old } = target
    const isForgotten = limiter?.begin(target.dueMs) === true && old.entries > 0
    const known = isForgotten ? TargetBlock.empty(old.auto()) : old
    round.begin(known, target.dueMs, this.#host.begin(target))
    const onWindow =
      metadata === undefined
        ? undefined
        : (start: number, end: number) => scanMetadata(this.kernel.bytes, start, end, metadata)
    this.#reader.read(client, round, spec.maxBodyBytes, onWindow)
    this.#counters.add('bodyTextBytes', this.#reader.textBytes)
    const sources = round.finish()
    const { counts } = round
    this.#counters.add('linesInvalid', counts.invalid + this.#reader.oversizedLines)
    this.#checkLimits(spec, counts)
    limiter?.commit()
    this.#count(counts)
    if (sources === undefined && !isForgotten) this.#counters.add('stencilHits', 1)
    else this.#replaceBlock(target, TargetBlock.assemble(known, sources ?? [], known.auto()))
    const added = isForgotten ? this.#compare(old, target.block, sources ?? []) : counts.added
    if (added > 0) target.metadataDueMs = Math.min(target.metadataDueMs, target.dueMs + METADATA_CHANGE_MS)
    this.#storeAuto(target, {
      durationMs: performance.now() - target.startedMs,
      textBytes: this.#reader.textBytes,
      scraped: counts.scraped,
      kept: counts.kept,
      added: target.job.spec.noStaleMarkers ? 0 : added,
      overLimit: target.overLimit,
      up: true,
    })
    target.samples = counts.kept
  }

  /** All series were learned anew: which of them the target did not have, and, in the index, which have gone. */
  #compare(old: TargetBlock, block: TargetBlock, sources: readonly ChunkSource[]): number {
    const { index } = this.#round
    const added = index.compare(old, block)
    seeRespelled(this.kernel, old, index.seen, sources)
    return added
  }

  #replaceBlock(target: TargetState, block: TargetBlock): void {
    const { block: old } = target
    this.#counters.add('stencilMisses', 1)
    this.#counters.add('chunksEncoded', this.#round.chunksEncoded)
    this.#counters.add('accountTargetBlocksBytes', block.sizeBytes - old.sizeBytes)
    this.#counters.add('series', block.countSamples() - old.countSamples())
    target.block = block
    if (target.limiter !== undefined) target.overLimit = block.countEntries(KIND_OVER_LIMIT)
  }

  /** @throws {LimitExceeded} */
  #checkLimits(spec: TargetSpec, counts: RoundCounts): void {
    const { scraped, kept } = counts
    const { labelsFound } = this.#host
    if (labelsFound > 0) throw new LimitExceeded('label_limit', labelsFound, spec.labelLimit, { scraped, kept: 0 })
    if (spec.sampleLimit > 0 && kept > spec.sampleLimit) {
      throw new LimitExceeded('sample_limit', kept, spec.sampleLimit, { scraped, kept })
    }
  }

  #count(counts: RoundCounts): void {
    this.#counters.add('samplesScraped', counts.scraped)
    this.#counters.add('samplesDroppedByRelabeling', counts.scraped - counts.kept)
    this.#counters.add('seriesEncoded', counts.encoded)
    this.#counters.add('seriesLearned', counts.learned)
  }

  async #publishVanished(target: TargetState, old: TargetBlock): Promise<void> {
    if (target.job.spec.noStaleMarkers) return
    for (const { stencil, rawBytes, samples } of staleChunks(this.kernel, old, this.#round.index.seen, target.dueMs)) {
      this.#counters.add('staleMarkers', samples)
      await this.#publisher.segment(stencil, 0, stencil.length, rawBytes, samples)
    }
  }

  async #publishMetadata(target: TargetState, metadata: MetadataMap): Promise<void> {
    target.metadataDueMs = target.dueMs + METADATA_INTERVAL_MS * (0.8 + randomInt(1000) / 2500)
    for (const piece of encodeMetadata(metadata)) await this.#publisher.metadata(piece)
  }

  /** Stores the auto metrics of the scrape at hand in the target's block. */
  #storeAuto(target: TargetState, facts: ScrapeFacts): void {
    const { block } = target
    for (const [index, metric] of target.autoMetrics.entries()) {
      block.setAutoValue(index, autoValue(metric, target, facts))
    }
    storeAutoTime(block, target.dueMs)
    target.lastDurationMs = facts.durationMs
  }
}
