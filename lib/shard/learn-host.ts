import {
  FLAG_ALWAYS_LEARN,
  FLAG_HONOR_TIMESTAMPS,
  LEARN_AT,
  LEARN_BYTES,
  LEARN_DROPPED,
  LEARN_INVALID,
  LEARN_OVER_LIMIT,
  LEARN_UNSENT,
  LEARN_UNSENT_BY_VIEW,
  STATE_FLAGS,
} from '../../kernel/layout.ts'
import type { EntryIndex } from './entry-index.ts'
import type { Kernel, KernelHost } from './kernel.ts'
import { encodeLabels } from './learn/encode-series.ts'
import { parseKey } from './learn/parse-key.ts'
import type { RemoteLabeler, RemoteView } from './learn/remote-labels.ts'
import type { SeriesLabeler } from './learn/series-labels.ts'
import { checkSeries, type Violation } from './series-checks.ts'
import { storeTargetLabels } from './target-labels.ts'
import type { TargetState } from './target-state.ts'

/**
 * Answers what the kernel asks about new series of the target at hand: whether it knows them, and, where rules or rare
 * syntax ask for it, what their labels are.
 */
export class LearnHost implements KernelHost {
  kernel!: Kernel
  index!: EntryIndex
  #target!: TargetState
  #remote!: RemoteLabeler
  #view!: RemoteView
  #labeler: SeriesLabeler | undefined
  #violation: Violation | undefined

  /** What the first series went over that must not be, which fails the scrape; undefined if all may be. */
  get violation(): Violation | undefined {
    return this.#violation
  }

  /** Begins to read a body of `target`, which is prepared, for one of its views. Gives the flags of the round. */
  begin(target: TargetState, view: RemoteView): number {
    this.#target = target
    this.#remote = target.remote!
    this.#view = view
    this.#labeler = undefined
    this.#violation = undefined
    const { spec, metricRules } = target.job
    const isLimited = target.spec.labelLimit > 0 || target.limiter !== undefined || spec.seriesChecks !== undefined
    const isChanged = !metricRules.isEmpty || this.#remote.changes(view)
    return (spec.honorTimestamps ? FLAG_HONOR_TIMESTAMPS : 0) | (isLimited || isChanged ? FLAG_ALWAYS_LEARN : 0)
  }

  /** The scrape differs from the target's block: gives the kernel what it needs for labels. */
  prepare(): void {
    this.#labeler = this.#target.labeler()
    if (storeTargetLabels(this.kernel, this.#labeler.fixedLabels)) return
    this.kernel.set(STATE_FLAGS, this.kernel.get(STATE_FLAGS) | FLAG_ALWAYS_LEARN)
  }

  lookup(hashLow: number, hashHigh: number): number {
    return this.index.lookup(hashLow, hashHigh)
  }

  learn(start: number, end: number): number {
    const key = parseKey(this.kernel.bytes, start, end)
    if (key === undefined) return LEARN_INVALID
    const labels = this.#labeler!.scrapedLabels(key.name, key.labels)
    if (labels === undefined) return LEARN_DROPPED
    const { spec, job, limiter } = this.#target
    this.#violation ??= checkSeries(labels, spec.labelLimit, job.spec.seriesChecks)
    if (this.#violation !== undefined) return LEARN_DROPPED
    if (limiter?.admits(labels) === false) return LEARN_OVER_LIMIT
    const common = this.#remote.forAll(labels)
    if (common === undefined) return LEARN_UNSENT
    const sent = this.#remote.forView(this.#view, common)
    if (sent === undefined) return LEARN_UNSENT_BY_VIEW
    const encoded = encodeLabels(sent)
    if (encoded.length > LEARN_BYTES) return LEARN_INVALID
    this.kernel.bytes.set(encoded, LEARN_AT)
    return encoded.length
  }
}
