import type { ShardCounter } from '../../../shared/counters.ts'
import type { MetricFamily } from '../exposition.ts'
import type { ShardView } from '../view.ts'
import { sum } from './shards.ts'

/** A counter that vmagent has for each protocol that samples come by: what its label `type` says, and what is added up. */
type ProtocolRow = {
  readonly name: string
  readonly help: string
  readonly types: Readonly<Record<string, readonly ShardCounter[]>>
}

const ROWS: readonly ProtocolRow[] = [
  {
    name: 'vm_protoparser_rows_read_total',
    help: 'Samples read, by protocol.',
    types: { promscrape: ['samplesScraped'], prometheus: ['pushPrometheusRows'] },
  },
  {
    name: 'vm_rows_invalid_total',
    help: 'Lines that could not be parsed, by protocol; scraped ones are among those of prometheus.',
    types: { prometheus: ['linesInvalid', 'pushPrometheusInvalid'] },
  },
  {
    name: 'vm_protoparser_read_calls_total',
    help: 'Pieces of pushed bodies that were read, by protocol.',
    types: { prometheus: ['pushPrometheusReads'] },
  },
  {
    name: 'vm_protoparser_read_errors_total',
    help: 'Pushed bodies that could not be read to their end, by protocol.',
    types: { prometheus: ['pushPrometheusErrors'] },
  },
  {
    name: 'vm_protoparser_metadata_read_total',
    help: 'Metrics whose type or help was pushed, by protocol.',
    types: { prometheus: ['pushPrometheusMetadata'] },
  },
  {
    name: 'vmagent_rows_inserted_total',
    help: 'Samples that were pushed, by protocol.',
    types: { prometheus: ['pushPrometheusRows'] },
  },
  {
    name: 'vmagent_metadata_inserted_total',
    help: 'Metrics whose type or help was pushed and passed on, by protocol.',
    types: { prometheus: ['pushPrometheusMetadata'] },
  },
]

/** Families about what comes in, by protocol, from the counters of the shards. */
export function protocolFamilies(shards: readonly ShardView[]): MetricFamily[] {
  return ROWS.map(({ name, help, types }) => ({
    name,
    type: 'counter',
    help,
    samples: Object.entries(types).map(([type, counters]) => ({ labels: { type }, value: sum(shards, counters) })),
  }))
}
