import type { CounterBlock, ShardCounter, ShardDestinationCounter } from '../../shared/counters.ts'
import { hasDestination } from '../../shared/destination-set.ts'
import type { TargetState } from './target-state.ts'

/** Counts the samples that rules of remote write keep from destinations: rules for all, and each one's own. */
export class DroppedCounts {
  readonly #counters: CounterBlock<ShardCounter>
  readonly #destinations: readonly CounterBlock<ShardDestinationCounter>[]

  /** @param destinations in their order */
  constructor(counters: CounterBlock<ShardCounter>, destinations: readonly CounterBlock<ShardDestinationCounter>[]) {
    this.#counters = counters
    this.#destinations = destinations
  }

  /** Counts what the last scrape of a target had; if it has failed, that is auto metrics only. */
  count({ views, up }: TargetState): void {
    const { autos, droppedByAll } = views[0]! // the same in every view
    const droppedForAll = autos.droppedByAll + (up ? droppedByAll : 0)
    this.addForAll(droppedForAll)
    for (const { autos, droppedByView, destinations } of views) {
      const dropped = autos.droppedByView + (up ? droppedByView : 0)
      this.addFor(destinations, dropped)
    }
  }

  /** Counts samples that the rules for all destinations dropped. */
  addForAll(dropped: number): void {
    if (dropped > 0) this.#counters.add('samplesDroppedForAll', dropped)
  }

  /** Counts samples that the rules of a view dropped. @param set its destinations */
  addFor(set: number, dropped: number): void {
    if (dropped === 0) return
    for (const [index, counters] of this.#destinations.entries()) {
      if (hasDestination(set, index)) counters.add('samplesDroppedByRules', dropped)
    }
  }
}
