import type { ShardCounter, WriterCounter } from '../../../shared/counters.ts'
import type { MetricFamily, MetricSample } from '../exposition.ts'
import type { ShardView, WriterView } from '../view.ts'

const SHARD_ACCOUNTS = [
  ['target_blocks', 'accountTargetBlocksBytes'],
  ['kernel', 'accountKernelBytes'],
  ['bodies', 'accountBodiesBytes'],
  ['ring', 'accountRingBytes'],
  ['heap', 'accountHeapBytes'],
  ['external', 'accountExternalBytes'],
] as const satisfies readonly (readonly [string, ShardCounter])[]

const WRITER_ACCOUNTS = [
  ['queue', 'accountQueueBytes'],
  ['heap', 'accountHeapBytes'],
  ['external', 'accountExternalBytes'],
] as const satisfies readonly (readonly [string, WriterCounter])[]

/** What the main thread knows about memory. */
export type MainMemory = {
  readonly residentBytes: number
  /** Resident pages of the program and its libraries, which belong to no account of a thread. */
  readonly fileBytes: number
  readonly heapBytes: number
  readonly externalBytes: number
  /** Part of the heap: the labels that targets were discovered with. */
  readonly originalLabelsBytes: number
}

/**
 * Every byte that has an owner, by account, and what is left of the resident set. The accounts of a thread do not
 * overlap. Less than nothing is left while pages that an account reserved were never touched.
 */
export function memoryFamilies(main: MainMemory, shards: readonly ShardView[], writer: WriterView): MetricFamily[] {
  const accounts: MetricSample[] = [
    ...shards.flatMap(({ shard, counters }) =>
      SHARD_ACCOUNTS.map(([account, counter]) => sample(String(shard), account, counters.get(counter))),
    ),
    ...WRITER_ACCOUNTS.map(([account, counter]) => sample('writer', account, writer.counters.get(counter))),
    sample('main', 'original_labels', main.originalLabelsBytes),
    sample('main', 'heap', main.heapBytes - main.originalLabelsBytes),
    sample('main', 'external', main.externalBytes),
    sample('main', 'program', main.fileBytes),
  ]
  const accounted = accounts.reduce((total, { value }) => total + value, 0)
  return [
    {
      name: 'penstock_memory_account_bytes',
      type: 'gauge',
      help: 'Memory by account; shard is a number, or writer, or main.',
      samples: accounts,
    },
    {
      name: 'penstock_memory_unaccounted_bytes',
      type: 'gauge',
      help: 'Resident set size less all accounts.',
      samples: [{ value: main.residentBytes - accounted }],
    },
  ]
}

function sample(shard: string, account: string, value: number): MetricSample {
  return { labels: { shard, account }, value }
}
