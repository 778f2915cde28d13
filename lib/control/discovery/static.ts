import { readTargetGroup } from './groups.ts'
import type { Discoverer, DiscoveryConfig, DiscoveryListener, Provider, TargetGroup } from './provider.ts'

/** One entry of `static_configs`. */
export type StaticConfig = DiscoveryConfig & { readonly kind: 'static_configs'; readonly group: TargetGroup }

export const staticProvider: Provider<StaticConfig> = {
  kind: 'static_configs',
  readConfig: entry => ({
    kind: 'static_configs',
    group: readTargetGroup(entry, 'static_configs', 'static_configs'),
  }),
  open: config => new StaticDiscoverer(config.group),
}

/** Targets written down in the configuration itself. */
class StaticDiscoverer implements Discoverer {
  readonly #group: TargetGroup

  constructor(group: TargetGroup) {
    this.#group = group
  }

  async start(listener: DiscoveryListener): Promise<void> {
    listener.onGroups([this.#group])
  }

  close(): void {}
}
