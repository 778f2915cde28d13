import { KIND_UNSENT, KIND_UNSENT_BY_VIEW } from '../../kernel/layout.ts'
import type { AutoMetric } from './learn/auto-metrics.ts'
import type { RemoteView } from './learn/remote-labels.ts'
import type { TargetBlock } from './target-block.ts'

/** Which auto metrics a view gets, in the order of their values in a block, and how many the rules keep from it. */
export type AutoPlan = {
  readonly metrics: readonly AutoMetric[]
  readonly droppedByAll: number
  readonly droppedByView: number
}

/** What the destinations of a view had of a target until the rules changed. */
export type FormerSeries = {
  readonly block: TargetBlock
  /** Encoded labels that auto metrics had then, and that none has any more. */
  readonly autoMetricsGone: readonly Uint8Array[]
}

/** The series of one target as the destinations of one view get them. */
export class TargetView {
  readonly view: RemoteView
  readonly autos: AutoPlan
  /** Set from when the rules in force turn out to be others until the scrape at hand is published. */
  former: FormerSeries | undefined
  #block: TargetBlock
  #droppedByAll = 0
  #droppedByView = 0

  constructor(view: RemoteView, autos: AutoPlan, block: TargetBlock) {
    this.view = view
    this.autos = autos
    this.#block = block
  }

  /** A set of shared/destination-set.ts. */
  get destinations(): number {
    return this.view.destinations
  }

  get block(): TargetBlock {
    return this.#block
  }

  /** Lines of the block whose series are not sent because of the rules for all destinations. */
  get droppedByAll(): number {
    return this.#droppedByAll
  }

  /** Likewise because of the rules of the view. */
  get droppedByView(): number {
    return this.#droppedByView
  }

  /** @param hasRules some series of the block may be dropped */
  replace(block: TargetBlock, hasRules: boolean): void {
    this.#block = block
    if (!hasRules) return
    this.#droppedByAll = block.countEntries(KIND_UNSENT)
    this.#droppedByView = block.countEntries(KIND_UNSENT_BY_VIEW)
  }
}
