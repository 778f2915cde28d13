import { randomInt } from 'node:crypto'
import { KIND_OVER_LIMIT } from '../../kernel/layout.ts'
import type { CounterBlock, ShardCounter } from '../../shared/counters.ts'
import type { PenstockError } from '../../shared/errors.ts'
import type { RemoteRules, ShardOptions } from '../../shared/protocol.ts'
import type { TargetSpec } from '../../shared/target.ts'
import { autoBlock, markAutoStale, storeAutoTime } from './auto-chunk.ts'
import { kernelChecksum } from './checksum.ts'
import type { DroppedCounts } from './dropped-counts.ts'
import { createInflater, type Inflater } from './inflate.ts'
import { Kernel } from './kernel.ts'
import { encodeMetadata, MetadataMap, scanMetadata } from './learn/metadata.ts'
import { RemoteLabeler } from './learn/remote-labels.ts'
import { LearnHost } from './learn-host.ts'
import type { Publisher } from './publish.ts'
import { seenUnderLabels, seeRespelled } from './respelled.ts'
import { Round } from './round.ts'
import type { RoundCounts } from './round-counts.ts'
import { BodyReader } from './scrape-body.ts'
import { autoValue, NOTHING_SCRAPED, type ScrapeFacts } from './scrape-facts.ts'
import { markAllStale, staleChunks } from './stale.ts'
import { type ChunkSource, TargetBlock } from './target-block.ts'
import { LimitExceeded } from './target-errors.ts'
import type { TargetState } from './target-state.ts'
import type { TargetView } from './target-view.ts'
import { ViewMaker } from './view-maker.ts'

/** Metadata of an unchanged target is read and sent again after so long, give or take a fifth. */
const METADATA_INTERVAL_MS = 5 * 60_000
/** Series that come and go bring new metadata at most so often. */
const METADATA_CHANGE_MS = 30_000

/**
 * What happens to a target when its body is there, or is not going to be: lines through the kernel, then segments into
 * the ring, once for each view. One call at a time, for there is one kernel. Owns the kernel and the inflater.
 */
export class Scraper {
  readonly kernel: Kernel
  readonly inflater: Inflater
  readonly #round: Round
  readonly #host: LearnHost
  readonly #reader: BodyReader
  readonly #publisher: Publisher
  readonly #counters: CounterBlock<ShardCounter>
  readonly #dropped: DroppedCounts
  readonly #options: ShardOptions
  #viewMaker: ViewMaker

  /** @throws {KernelMissing | RelabelError} */
  constructor(
    options: ShardOptions,
    publisher: Publisher,
    counters: CounterBlock<ShardCounter>,
    dropped: DroppedCounts,
  ) {
    this.#options = options
    this.#publisher = publisher
    this.#counters = counters
    this.#dropped = dropped
    this.#host = new LearnHost()
    this.kernel = new Kernel(this.#host, options.hashSeed)
    this.inflater = createInflater(kernelChecksum(this.kernel))
    this.#round = new Round(this.kernel, () => this.#host.prepare())
    this.#host.kernel = this.kernel
    this.#host.index = this.#round.index
    this.#reader = new BodyReader(this.kernel, this.inflater)
    this.#viewMaker = new ViewMaker(this.kernel, new RemoteLabeler(options))
  }

  close(): void {
    this.inflater.close()
  }

  /** What is in force from now on. */
  get remote(): RemoteLabeler {
    return this.#viewMaker.remote
  }

  /**
   * From the next scrape of each target on, these rules are in force.
   *
   * @param rules with as many views as before, for the same destinations
   * @throws {RelabelError} then nothing changes
   */
  relabel(rules: RemoteRules): void {
    this.#viewMaker = new ViewMaker(this.kernel, new RemoteLabeler(rules))
  }

  /** Comes first when a scrape has ended: gives the target views, or others if other rules are in force. */
  prepare(target: TargetState): void {
    if (this.#viewMaker.isDone(target)) return
    this.#viewMaker.make(target)
    for (const { block } of target.views) this.#counters.add('accountTargetBlocksBytes', block.sizeBytes)
  }

  /**
   * Reads the body that the target's client has received, and publishes what it says.
   *
   * @throws {PenstockError} the body cannot be used: nothing was published, `fail` must follow
   */
  async succeed(target: TargetState): Promise<void> {
    const metadata = this.#options.sendMetadata && target.dueMs >= target.metadataDueMs ? new MetadataMap() : undefined
    // A window of the series limit that begins asks for all series again.
    const isAnew = target.limiter?.begin(target.dueMs) === true
    let facts: ScrapeFacts | undefined
    for (const view of target.views) {
      const { block: old } = view
      try {
        if (facts === undefined) facts = this.#read(target, view, isAnew, metadata)
        else this.#readAgain(target, view, isAnew)
        this.#storeAuto(target, view, facts)
        const room = this.#publisher.block(view.block, view.destinations)
        if (room !== undefined) await room
        if (view.block !== old && target.up) await this.#publishStale(target, view, old, this.#round.index.seen)
      } finally {
        this.#round.forget()
        if (view.block !== old) old.free()
      }
      if (view.former !== undefined) await this.#endFormer(target, view, target.up)
    }
    target.up = true
    this.#dropped.count(target)
    if (metadata !== undefined) await this.#publishMetadata(target, metadata)
  }

  /** Publishes that a scrape has failed: auto metrics, and stale markers for what the target had until now. */
  async fail(target: TargetState, error: PenstockError | undefined): Promise<void> {
    const durationMs = performance.now() - target.startedMs
    const counts = error instanceof LimitExceeded ? error.counts : undefined
    const facts = { ...NOTHING_SCRAPED, ...counts, durationMs }
    const wasUp = target.up
    target.up = false
    target.samples = 0
    for (const view of target.views) {
      this.#storeAuto(target, view, facts)
      if (wasUp && view.former === undefined && !target.job.spec.noStaleMarkers) {
        this.#counters.add('staleMarkers', markAllStale(this.kernel, view.block, target.dueMs))
        await this.#publisher.block(view.block, view.destinations)
      } else await this.#publisher.auto(view.block, view.destinations)
      await this.#endFormer(target, view, wasUp)
    }
    this.#dropped.count(target)
  }

  /** The target is not scraped any more: ends all its series with stale markers, auto metrics included. */
  async retire(target: TargetState, nowMs: number): Promise<void> {
    for (const { block, destinations } of target.views) {
      if (!target.job.spec.noStaleMarkers) {
        markAutoStale(block, nowMs)
        let markers = block.autoValues
        if (target.up) markers += markAllStale(this.kernel, block, nowMs)
        this.#counters.add('staleMarkers', markers)
        if (target.up) await this.#publisher.block(block, destinations)
        else await this.#publisher.auto(block, destinations)
      }
      this.#forgetBlock(block)
    }
    target.views = []
  }

  /** Takes the body through the kernel for the first view: what it comes to is the same for all, limits included. */
  #read(target: TargetState, view: TargetView, isAnew: boolean, metadata: MetadataMap | undefined): ScrapeFacts {
    const round = this.#round
    const { client, spec, limiter } = target
    const { block: old, former } = view
    const known = this.#begin(target, view, isAnew)
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
    const addedHere = this.#end(target, view, known, sources)
    const isSame = view.block === old
    this.#counters.add(isSame ? 'stencilHits' : 'stencilMisses', 1)
    if (!isSame && limiter !== undefined) target.overLimit = view.block.countEntries(KIND_OVER_LIMIT)
    const added = former === undefined ? addedHere : round.index.compare(former.block, view.block)
    if (added > 0) target.metadataDueMs = Math.min(target.metadataDueMs, target.dueMs + METADATA_CHANGE_MS)
    target.samples = counts.kept
    target.bodyBytes = this.#reader.textBytes
    return {
      durationMs: performance.now() - target.startedMs,
      textBytes: this.#reader.textBytes,
      scraped: counts.scraped,
      kept: counts.kept,
      added: target.job.spec.noStaleMarkers ? 0 : added,
      overLimit: target.overLimit,
      up: true,
    }
  }

  /** Takes the body, which has proved good, through the kernel for a further view. */
  #readAgain(target: TargetState, view: TargetView, isAnew: boolean): void {
    const known = this.#begin(target, view, isAnew)
    this.#reader.readAgain(target.client, this.#round)
    this.#end(target, view, known, this.#round.finish())
  }

  /** Begins a round for a view. Gives the block that it goes by. */
  #begin(target: TargetState, view: TargetView, isAnew: boolean): TargetBlock {
    this.kernel.host = this.#host
    const known = isAnew && view.block.entries > 0 ? TargetBlock.empty(view.block.auto()) : view.block
    this.#round.begin(known, target.dueMs, this.#host.begin(target, view.view))
    return known
  }

  /** The view gets another block if its series have changed. Gives how many of them it did not have. */
  #end(target: TargetState, view: TargetView, known: TargetBlock, sources: readonly ChunkSource[] | undefined): number {
    const { block: old } = view
    const { added } = this.#round.counts
    if (sources === undefined && known === old) return added
    const block = TargetBlock.assemble(known, sources ?? [], known.auto())
    this.#counters.add('chunksEncoded', this.#round.chunksEncoded)
    this.#counters.add('accountTargetBlocksBytes', block.sizeBytes - old.sizeBytes)
    this.#counters.add('series', block.countSamples() - old.countSamples())
    view.replace(block, target.remote!.drops(view.view))
    return known === old ? added : this.#compare(old, block, sources ?? [])
  }

  /** All series were learned anew: which of them the view did not have, and, in the index, which have gone. */
  #compare(old: TargetBlock, block: TargetBlock, sources: readonly ChunkSource[]): number {
    const { index } = this.#round
    const added = index.compare(old, block)
    seeRespelled(this.kernel, old, index.seen, sources)
    return added
  }

  /** @throws {LimitExceeded} */
  #checkLimits(spec: TargetSpec, counts: RoundCounts): void {
    const { scraped, kept } = counts
    const { violation } = this.#host
    if (violation !== undefined) throw new LimitExceeded(violation, { scraped, kept: 0 })
    if (spec.sampleLimit > 0 && kept > spec.sampleLimit) {
      const samples = { limit: 'sample_limit', found: `${kept} samples`, allowed: `${spec.sampleLimit}` }
      throw new LimitExceeded(samples, { scraped, kept })
    }
  }

  #count(counts: RoundCounts): void {
    this.#counters.add('samplesScraped', counts.scraped)
    this.#counters.add('samplesDroppedByRelabeling', counts.scraped - counts.kept)
    this.#counters.add('seriesEncoded', counts.encoded)
    this.#counters.add('seriesLearned', counts.learned)
  }

  /** What a view had under labels of former rules, and has no more, ends with stale markers. */
  async #endFormer(target: TargetState, view: TargetView, wasUp: boolean): Promise<void> {
    const { former } = view
    if (former === undefined) return
    view.former = undefined
    if (wasUp) {
      const seen = seenUnderLabels(this.kernel, former.block, view.block)
      await this.#publishStale(target, view, former.block, seen)
    }
    if (!target.job.spec.noStaleMarkers) {
      const gone = autoBlock(this.kernel, former.autoMetricsGone)
      markAutoStale(gone, target.dueMs)
      this.#counters.add('staleMarkers', gone.autoValues)
      await this.#publisher.auto(gone, view.destinations)
    }
    this.#forgetBlock(former.block)
  }

  /** Publishes stale markers for the series of `block` that `seen`, one byte an entry, does not have. */
  async #publishStale(target: TargetState, view: TargetView, block: TargetBlock, seen: Uint8Array): Promise<void> {
    if (target.job.spec.noStaleMarkers) return
    for (const { stencil, rawBytes, samples } of staleChunks(this.kernel, block, seen, target.dueMs)) {
      this.#counters.add('staleMarkers', samples)
      await this.#publisher.segment(stencil, rawBytes, samples, view.destinations)
    }
    this.kernel.staging.clear()
  }

  async #publishMetadata(target: TargetState, metadata: MetadataMap): Promise<void> {
    target.metadataDueMs = target.dueMs + METADATA_INTERVAL_MS * (0.8 + randomInt(1000) / 2500)
    const pieces = encodeMetadata(metadata)
    for (const { destinations } of target.views) {
      for (const piece of pieces) await this.#publisher.metadata(piece, destinations)
    }
  }

  /** Stores the auto metrics of the scrape at hand in the block of a view. */
  #storeAuto(target: TargetState, { block, autos }: TargetView, facts: ScrapeFacts): void {
    for (const [index, metric] of autos.metrics.entries()) block.setAutoValue(index, autoValue(metric, target, facts))
    storeAutoTime(block, target.dueMs)
    target.lastDurationMs = facts.durationMs
  }

  #forgetBlock(block: TargetBlock): void {
    this.#counters.add('accountTargetBlocksBytes', -block.sizeBytes)
    this.#counters.add('series', -block.countSamples())
    block.free()
  }
}
