import type { YamlMap } from '../../yaml/value.ts'
import type { JobScope } from '../config/http-client.ts'
import { dnsProvider } from './dns.ts'
import { fileProvider } from './file.ts'
import { httpProvider } from './http.ts'
import type { Discoverer, DiscoveryConfig, DiscoveryContext, Provider } from './provider.ts'
import { staticProvider } from './static.ts'

/** All kinds of discovery that there are; a new one is a file beside this one and a line here. */
const PROVIDERS: ReadonlyMap<string, Provider> = new Map(
  [staticProvider, fileProvider, httpProvider, dnsProvider].map(provider => [provider.kind, provider]),
)

/** Fields of a job that say where its targets come from. */
export const DISCOVERY_FIELDS: readonly string[] = [...PROVIDERS.keys()]

/**
 * Reads all discovery sections of a job, in their order.
 *
 * @throws {ConfigError} as `Provider.readConfig`
 */
export function readDiscovery(job: YamlMap, scope: JobScope): DiscoveryConfig[] {
  const configs: DiscoveryConfig[] = []
  for (const provider of PROVIDERS.values()) {
    for (const entry of job.get(provider.kind)?.asList() ?? []) configs.push(provider.readConfig(entry, scope))
  }
  return configs
}

/** What finds the targets of one entry; it is the caller's to close. */
export function openDiscoverer(config: DiscoveryConfig, context: DiscoveryContext): Discoverer {
  return PROVIDERS.get(config.kind)!.open(config, context)
}
