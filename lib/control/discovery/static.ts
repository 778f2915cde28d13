import type { Discoverer, DiscoveryListener, TargetGroup } from './discoverer.ts'

/** Targets written down in the configuration itself. */
export class StaticDiscoverer implements Discoverer {
  readonly #groups: readonly TargetGroup[]

  constructor(groups: readonly TargetGroup[]) {
    this.#groups = groups
  }

  async start(listener: DiscoveryListener): Promise<void> {
    listener.onGroups(this.#groups)
  }

  close(): void {}
}
