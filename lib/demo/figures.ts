import type { CounterBlock, DestinationCounter, ShardCounter } from '../../shared/counters.ts'
import { memoryFamilies } from '../admin/metrics/memory.ts'
import { readProcessFacts } from '../admin/procfs.ts'
import type { AgentView, ShardView } from '../admin/view.ts'
import { Flow } from './flow.ts'
import type { Receiver } from './receiver.ts'
import type { WatchedSample } from './watch.ts'

/** A count and how it grew. */
export type FlowFigures = { readonly total: number; readonly perSecond: number; readonly history: readonly number[] }

export type ShardFigures = {
  readonly shard: number
  readonly targets: number
  readonly series: number
  readonly samplesPerSecond: number
  readonly ringUsedBytes: number
  readonly ringCapacityBytes: number
  /** Worst lateness of a scrape in the last minute. */
  readonly lagMaxMs: number
  readonly heapBytes: number
}

export type MemoryFigures = {
  readonly residentBytes: number
  readonly unaccountedBytes: number
  /** Summed over all threads. */
  readonly accounts: readonly { readonly name: string; readonly bytes: number }[]
}

/** All that the demo shows, at one moment. */
export type Figures = {
  readonly seconds: number
  readonly targets: number
  readonly targetsUp: number
  readonly scraped: FlowFigures
  /** Handed to the ring: scraped samples, automatic metrics and stale markers. */
  readonly published: number
  /** As the receiver counted them. */
  readonly delivered: FlowFigures
  readonly staleMarkers: number
  readonly receivedSeries: number
  readonly requestsRefused: number
  /** Bodies of acknowledged requests. */
  readonly wireBytes: number
  readonly wireBytesPerSecond: number
  /** NaN before anything was sent. */
  readonly bytesPerSample: number
  readonly stencilHits: number
  readonly stencilMisses: number
  readonly memory: MemoryFigures
  readonly shards: readonly ShardFigures[]
  readonly watched: readonly WatchedSample[]
}

/** Samples that were published and have not come: under way as long as the agent runs, lost after that. */
export function missingSamples({ published, delivered }: Figures): number {
  return Math.max(0, published - delivered.total)
}

/** Whether samples were scraped, and all of them came; asked when the agent has stopped. */
export function isAllDelivered(figures: Figures): boolean {
  return figures.scraped.total > 0 && figures.requestsRefused === 0 && missingSamples(figures) === 0
}

/** Names of accounts that a reader would not guess. */
const ACCOUNT_NAMES: Readonly<Record<string, string>> = { target_blocks: 'blocks', ring: 'rings' }

/** Takes the figures of an agent and of the receiver behind it, once a second or so. */
export class FigureTaker {
  readonly #view: AgentView
  readonly #receiver: Receiver
  readonly #scraped = new Flow()
  readonly #delivered = new Flow()
  readonly #wireBytes = new Flow()
  readonly #publishedByShard = new Map<number, Flow>()
  readonly #startedMs = performance.now()

  constructor(view: AgentView, receiver: Receiver) {
    this.#view = view
    this.#receiver = receiver
  }

  take(): Figures {
    const seconds = (performance.now() - this.#startedMs) / 1000
    const shards = this.#view.shards()
    const destinations = this.#view.writer().destinations
    const received = this.#receiver.received()
    const samplesSent = sum(destinations, 'samplesSent')
    const wireBytes = sum(destinations, 'bytesSent')
    this.#scraped.note(seconds, sum(shards, 'samplesScraped'))
    this.#delivered.note(seconds, received.samples)
    this.#wireBytes.note(seconds, wireBytes)
    return {
      seconds,
      targets: sum(shards, 'targets'),
      targetsUp: sum(shards, 'targetsUp'),
      scraped: figuresOf(this.#scraped),
      published: sum(shards, 'samplesPublished'),
      delivered: figuresOf(this.#delivered),
      staleMarkers: received.staleMarkers,
      receivedSeries: this.#receiver.recentSeries(),
      requestsRefused: received.refused,
      wireBytes,
      wireBytesPerSecond: this.#wireBytes.perSecond(),
      bytesPerSample: wireBytes / samplesSent,
      stencilHits: sum(shards, 'stencilHits'),
      stencilMisses: sum(shards, 'stencilMisses'),
      memory: this.#memory(shards),
      shards: shards.map(shard => this.#shard(shard, seconds)),
      watched: this.#receiver.watched(),
    }
  }

  #shard({ shard, counters, ringUsedBytes, ringCapacityBytes }: ShardView, seconds: number): ShardFigures {
    const published = this.#publishedByShard.get(shard) ?? new Flow()
    this.#publishedByShard.set(shard, published)
    published.note(seconds, counters.get('samplesPublished'))
    return {
      shard,
      targets: counters.get('targets'),
      series: counters.get('series'),
      samplesPerSecond: published.perSecond(),
      ringUsedBytes,
      ringCapacityBytes,
      lagMaxMs: counters.get('scrapeLagMaxMs'),
      heapBytes: counters.get('accountHeapBytes'),
    }
  }

  #memory(shards: readonly ShardView[]): MemoryFigures {
    const { rss: residentBytes, heapTotal: heapBytes, external: externalBytes } = process.memoryUsage()
    const fileBytes = readProcessFacts().status?.residentFileBytes ?? 0
    const originalLabelsBytes = this.#view.originalLabelsBytes()
    const main = { residentBytes, fileBytes, heapBytes, externalBytes, originalLabelsBytes }
    const [accounts, unaccounted] = memoryFamilies(main, shards, this.#view.writer())
    const byName = Map.groupBy(accounts!.samples, ({ labels }) => labels!.account!)
    return {
      residentBytes,
      unaccountedBytes: unaccounted!.samples[0]!.value,
      accounts: [...byName].map(([name, samples]) => ({
        name: ACCOUNT_NAMES[name] ?? name,
        bytes: samples.reduce((total, { value }) => total + value, 0),
      })),
    }
  }
}

function figuresOf(flow: Flow): FlowFigures {
  return { total: flow.total, perSecond: flow.perSecond(), history: flow.history() }
}

function sum<Name extends ShardCounter | DestinationCounter>(
  parts: readonly { readonly counters: CounterBlock<Name> }[],
  counter: Name,
): number {
  return parts.reduce((total, { counters }) => total + counters.get(counter), 0)
}
