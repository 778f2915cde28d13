/** A label as it came: name, value. */
export type LabelPair = readonly [name: string, value: string]

/** The latest sample of a series. */
export type WatchedSample = { readonly labels: readonly LabelPair[]; readonly value: number }

type Watch = { readonly metric: string; identity: string | undefined; labels: readonly LabelPair[]; value: number }

/** Follows one series of each of a few metrics until it ends, then another one of that metric. */
export class Watches {
  readonly #watches: readonly Watch[]

  constructor(metrics: readonly string[]) {
    this.#watches = metrics.map(metric => ({ metric, identity: undefined, labels: [], value: 0 }))
  }

  /** @param labels asked for only if the series may be one to follow from now on */
  see(identity: string, value: number, labels: () => readonly LabelPair[]): void {
    const watch = this.#watches.find(watch => watch.identity === identity) ?? this.#begin(identity, labels)
    if (watch !== undefined) watch.value = value
  }

  /** The series gets no more samples. */
  end(identity: string): void {
    const watch = this.#watches.find(watch => watch.identity === identity)
    if (watch !== undefined) watch.identity = undefined
  }

  /** In the order of the metrics, without those that have no series now. */
  samples(): WatchedSample[] {
    return this.#watches
      .filter(({ identity }) => identity !== undefined)
      .map(({ labels, value }) => ({ labels, value }))
  }

  #begin(identity: string, labels: () => readonly LabelPair[]): Watch | undefined {
    if (this.#watches.every(watch => watch.identity !== undefined)) return undefined
    const pairs = labels()
    const metric = pairs.find(([name]) => name === '__name__')?.[1]
    const watch = this.#watches.find(watch => watch.metric === metric && watch.identity === undefined)
    if (watch !== undefined) Object.assign(watch, { identity, labels: pairs })
    return watch
  }
}
