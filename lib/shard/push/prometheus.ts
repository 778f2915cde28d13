import type { CounterBlock, ShardCounter } from '../../../shared/counters.ts'
import type { PushSpec } from '../../../shared/protocol.ts'
import type { KernelTurns, Turn } from '../kernel-turns.ts'
import { encodeMetadata } from '../learn/metadata.ts'
import { PushLabeler } from '../learn/push-labels.ts'
import type { RemoteLabeler } from '../learn/remote-labels.ts'
import type { Publisher } from '../publish.ts'
import type { InvalidLog } from './invalid-log.ts'
import type { LineTaker } from './push.ts'
import { PushMetadata } from './push-metadata.ts'
import type { TextSamples } from './text-samples.ts'

/** What all pushes of a shard share. */
export type PushMeans = {
  readonly turns: KernelTurns
  readonly samples: TextSamples
  readonly publisher: Publisher
  /** What is in force when it is called. */
  readonly remote: () => RemoteLabeler
  readonly sendMetadata: boolean
  readonly counters: CounterBlock<ShardCounter>
  readonly invalidLog: InvalidLog
}

/** The lines of one pushed body in the text exposition format: their samples and metadata go to the ring. */
export class PrometheusLines implements LineTaker {
  readonly #spec: PushSpec
  readonly #means: PushMeans
  readonly #labeler: PushLabeler
  readonly #metadata: PushMetadata | undefined

  constructor(spec: PushSpec, means: PushMeans) {
    this.#spec = spec
    this.#means = means
    this.#labeler = new PushLabeler(spec.extraLabels)
    this.#metadata = means.sendMetadata ? new PushMetadata() : undefined
  }

  take(lines: readonly Uint8Array[]): Turn {
    return this.#means.turns.take(() => this.#publish(lines))
  }

  end(oversized: number): Turn | undefined {
    if (oversized > 0) this.#countInvalid(oversized, () => 'a line of more than 256 KiB')
    if (this.#metadata === undefined || this.#metadata.isEmpty) return undefined
    return this.#means.turns.take(() => this.#publishMetadata(true))
  }

  async #publish(lines: readonly Uint8Array[]): Promise<void> {
    const { samples, counters, remote } = this.#means
    const text = samples.load(lines)
    const timeMs = this.#spec.timeMs || Date.now()
    const labels = { own: this.#labeler, remote: remote() }
    this.#metadata?.scan(text)
    const { rows, invalid } = await samples.publish(text, timeMs, labels)
    counters.add('pushPrometheusReads', 1)
    counters.add('pushPrometheusRows', rows)
    if (invalid > 0) this.#countInvalid(invalid, () => samples.firstInvalid(text, timeMs, labels))
    await this.#publishMetadata(false)
  }

  #countInvalid(lines: number, example: () => string): void {
    this.#means.counters.add('pushPrometheusInvalid', lines)
    this.#means.invalidLog.note(this.#spec.client, lines, example)
  }

  async #publishMetadata(isEnd: boolean): Promise<void> {
    const families = this.#metadata?.take(isEnd) ?? []
    this.#means.counters.add('pushPrometheusMetadata', families.length)
    const pieces = encodeMetadata(families)
    for (const { destinations } of this.#means.remote().views) {
      for (const piece of pieces) await this.#means.publisher.metadata(piece, destinations)
    }
  }
}
