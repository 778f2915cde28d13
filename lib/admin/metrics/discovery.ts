import type { DiscoveryStats } from '../../control/discovery/manager.ts'
import type { MetricFamily } from '../exposition.ts'

/** Families about finding targets. */
export function discoveryFamilies(stats: DiscoveryStats): MetricFamily[] {
  const { requests, retries, failures, endpoints } = stats
  return [
    {
      name: 'vm_promscrape_discovery_requests_total',
      type: 'counter',
      help: 'Requests to the HTTP APIs of discovery.',
      samples: [{ labels: {}, value: requests }],
    },
    {
      name: 'vm_promscrape_discovery_retries_total',
      type: 'counter',
      help: 'Those of them that repeat one whose connection broke.',
      samples: [{ labels: {}, value: retries }],
    },
    {
      name: 'promscrape_discovery_http_errors_total',
      type: 'counter',
      help: 'Lists of http_sd_configs that could not be fetched or parsed.',
      samples: endpoints.flatMap(({ url, fetch, parse }) => [
        { labels: { type: 'fetch', url }, value: fetch },
        { labels: { type: 'parse', url }, value: parse },
      ]),
    },
    {
      name: 'penstock_discovery_failures_total',
      type: 'counter',
      help: 'Times that a source of targets, or a part of it, could not be used; what it told before stays in force.',
      samples: [...failures].map(([type, value]) => ({ labels: { type }, value })),
    },
  ]
}
