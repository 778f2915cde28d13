import type { DestinationCounter } from '../../../shared/counters.ts'
import type { MetricFamily, MetricSample, MetricType } from '../exposition.ts'
import type { DestinationView, WriterView } from '../view.ts'

/** A family with one value for each destination. */
type DestinationRow = {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly counter: DestinationCounter
}

const BY_DESTINATION: readonly DestinationRow[] = [
  {
    name: 'vmagent_remotewrite_bytes_sent_total',
    type: 'counter',
    help: 'Bytes of blocks that a destination took.',
    counter: 'bytesSent',
  },
  {
    name: 'vmagent_remotewrite_blocks_sent_total',
    type: 'counter',
    help: 'Blocks that a destination took.',
    counter: 'blocksSent',
  },
  {
    name: 'vmagent_remotewrite_errors_total',
    type: 'counter',
    help: 'Requests that got no answer.',
    counter: 'errors',
  },
  {
    name: 'vmagent_remotewrite_retries_count_total',
    type: 'counter',
    help: 'Requests that were sent again.',
    counter: 'retries',
  },
  {
    name: 'vmagent_remotewrite_packets_dropped_total',
    type: 'counter',
    help: 'Blocks that a destination refused for ever.',
    counter: 'blocksDropped',
  },
  {
    name: 'vmagent_remotewrite_samples_dropped_total',
    type: 'counter',
    help: 'Samples of blocks that a destination refused for ever.',
    counter: 'samplesDropped',
  },
  {
    name: 'vmagent_remotewrite_send_duration_seconds_total',
    type: 'counter',
    help: 'Time spent in requests, summed over concurrent ones.',
    counter: 'sendDurationSumSeconds',
  },
  {
    name: 'vmagent_remotewrite_pending_data_bytes',
    type: 'gauge',
    help: 'Bytes of blocks that a destination has not taken yet.',
    counter: 'queueBytes',
  },
  {
    name: 'vmagent_remotewrite_pending_inmemory_blocks',
    type: 'gauge',
    help: 'Blocks in memory that a destination has not taken yet.',
    counter: 'queueBlocks',
  },
  {
    name: 'vmagent_remotewrite_rows_pushed_after_relabel_total',
    type: 'counter',
    help: 'Samples put in the queue of a destination.',
    counter: 'samplesQueued',
  },
  {
    name: 'penstock_remotewrite_samples_sent_total',
    type: 'counter',
    help: 'Samples that a destination took.',
    counter: 'samplesSent',
  },
  {
    name: 'penstock_remotewrite_bytes_dropped_total',
    type: 'counter',
    help: 'Bytes of blocks that a destination refused for ever.',
    counter: 'bytesDropped',
  },
  {
    name: 'penstock_remotewrite_queue_limit_bytes',
    type: 'gauge',
    help: 'Memory that undelivered blocks of a destination may take.',
    counter: 'queueBytesMax',
  },
  {
    name: 'penstock_remotewrite_queue_high_water_bytes',
    type: 'gauge',
    help: 'The most that the queue of a destination has held.',
    counter: 'queueHighWaterBytes',
  },
]

const STATUS_CLASSES = [
  ['2XX', 'requests2xx'],
  ['3XX', 'requests3xx'],
  ['4XX', 'requests4xx'],
  ['5XX', 'requests5xx'],
] as const satisfies readonly (readonly [string, DestinationCounter])[]

/** Families about the writer and its destinations. */
export function remoteWriteFamilies(writer: WriterView): MetricFamily[] {
  const { destinations } = writer
  return [
    {
      name: 'vmagent_remotewrite_requests_total',
      type: 'counter',
      help: 'Requests that got an answer, by class of its status.',
      samples: destinations.flatMap(({ name, counters }) =>
        STATUS_CLASSES.map(([status_code, counter]) => ({
          labels: { url: name, status_code },
          value: counters.get(counter),
        })),
      ),
    },
    ...BY_DESTINATION.map(({ name, type, help, counter }) =>
      byDestination(name, type, help, destinations, ({ counters }) => counters.get(counter)),
    ),
    byDestination(
      'vmagent_remotewrite_relabel_metrics_dropped_total',
      'counter',
      'Samples that the relabeling of a destination dropped; stale markers are not counted.',
      destinations,
      d => d.shardCounters.reduce((total, counters) => total + counters.get('samplesDroppedByRules'), 0),
    ),
    byDestination(
      'vmagent_remotewrite_queues',
      'gauge',
      'Concurrent requests to a destination.',
      destinations,
      d => d.queues,
    ),
    {
      name: 'vmagent_remotewrite_duration_seconds',
      type: 'untyped',
      help: 'How long a request that got an answer took.',
      samples: destinations.flatMap(requestDurations),
    },
    ...writerFamilies(writer),
  ]
}

function requestDurations({ name, counters }: DestinationView): MetricSample[] {
  const labels = { url: name }
  const requests = STATUS_CLASSES.reduce((total, [, counter]) => total + counters.get(counter), 0)
  return [
    { suffix: '_sum', labels, value: counters.get('sendDurationSumSeconds') },
    { suffix: '_count', labels, value: requests },
  ]
}

function writerFamilies({ counters, destinations }: WriterView): MetricFamily[] {
  const one = (name: string, type: MetricType, help: string, value: number): MetricFamily => ({
    name,
    type,
    help,
    samples: [{ value }],
  })
  const blocks = counters.get('blocks')
  const perBlock = (name: string, help: string, total: number): MetricFamily => ({
    name,
    type: 'untyped',
    help,
    samples: [
      { suffix: '_sum', value: total },
      { suffix: '_count', value: blocks },
    ],
  })
  const bytesSent = destinations.reduce((total, destination) => total + destination.counters.get('bytesSent'), 0)
  return [
    perBlock('vmagent_remotewrite_block_size_rows', 'Samples in a block.', counters.get('blockSamples')),
    perBlock('vmagent_remotewrite_block_size_bytes', 'Compressed bytes in a block.', counters.get('segmentBytes')),
    one(
      'vmagent_remotewrite_conn_bytes_written_total',
      'counter',
      'Bytes of blocks that all destinations took; headers are not counted.',
      bytesSent,
    ),
    one(
      'penstock_writer_segments_total',
      'counter',
      'Segments that the writer took from the rings.',
      counters.get('segments'),
    ),
    one('penstock_writer_blocks_total', 'counter', 'Blocks that the writer made of segments.', blocks),
  ]
}

function byDestination(
  name: string,
  type: MetricType,
  help: string,
  destinations: readonly DestinationView[],
  read: (destination: DestinationView) => number,
): MetricFamily {
  return {
    name,
    type,
    help,
    samples: destinations.map(destination => ({ labels: { url: destination.name }, value: read(destination) })),
  }
}
