import type { MetricFamily } from '../admin/exposition.ts'
import { createRandom, type Random } from './curves.ts'
import { combine, counters, gauges, latencies, type MovingFamily, numbered } from './families.ts'
import { podsAt } from './pods.ts'

/** What one exporter of the demo stands for. */
export type Workload = {
  /** Its job. */
  readonly name: string
  /** What it exposes after so many seconds: 200 to 300 series. */
  readonly families: (seconds: number) => readonly MetricFamily[]
}

/** Five workloads as they are met in the field, made up anew but the same in each run. */
export function createWorkloads(): readonly Workload[] {
  return [
    steady('shop', [...shop(createRandom(1)), ...runtime(createRandom(2))]),
    steady('host', host(createRandom(3))),
    steady('database', [...database(createRandom(4)), ...runtime(createRandom(5))]),
    steady('broker', broker(createRandom(6))),
    { name: 'cluster', families: podsAt },
  ]
}

/** Metrics whose samples are worth a look, the best first. */
export const SHOWN_METRICS = [
  'http_requests_total',
  'node_load1',
  'container_memory_working_set_bytes',
  'broker_consumer_lag',
  'pg_stat_activity_count',
  'scrape_duration_seconds',
  'http_requests_in_flight',
  'http_request_duration_seconds_bucket',
  'node_cpu_seconds_total',
  'node_hwmon_temp_celsius',
  'container_cpu_usage_seconds_total',
  'pg_replication_lag_seconds',
  'broker_bytes_in_total',
  'process_resident_memory_bytes',
  'scrape_samples_scraped',
  'up',
]

function steady(name: string, families: readonly MovingFamily[]): Workload {
  return { name, families: seconds => families.map(family => family(seconds)) }
}

function shop(random: Random): MovingFamily[] {
  const path = ['/', '/cart', '/checkout', '/login', '/orders', '/products', '/search', '/static']
  const status = ['200', '301', '404', '500']
  return [
    counters(
      ['http_requests_total', 'Requests by method, path and status.'],
      combine({ method: ['GET', 'POST'], path, status }),
      9,
      random,
    ),
    latencies(['http_request_duration_seconds', 'Time to answer a request.'], combine({ path }), 72, 0.08, random),
    gauges(['http_requests_in_flight', 'Requests being answered.'], combine({ path }), 40, random),
    gauges(
      ['shop_carts', 'Carts with something in them.'],
      combine({ country: ['at', 'de', 'fr', 'it'] }),
      900,
      random,
    ),
  ]
}

function host(random: Random): MovingFamily[] {
  const cpu = Array.from({ length: 8 }, (_, index) => String(index))
  const mode = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user']
  const vector = ['BLOCK', 'HI', 'HRTIMER', 'IRQ_POLL', 'NET_RX', 'NET_TX', 'RCU', 'SCHED', 'TASKLET', 'TIMER']
  const device = numbered('nvme', 4)
  const network = numbered('eth', 4)
  const mountpoint = ['/', '/boot', '/home', '/srv', '/var']
  return [
    counters(['node_cpu_seconds_total', 'CPU time by mode.'], combine({ cpu, mode }), 0.125, random, 2),
    gauges(['node_cpu_scaling_frequency_hertz', 'Clock of a CPU.'], combine({ cpu }), 4e9, random),
    counters(['node_softirqs_total', 'Soft interrupts.'], combine({ cpu, vector }), 210, random),
    counters(['node_disk_read_bytes_total', 'Bytes read.'], combine({ device }), 4e6, random),
    counters(['node_disk_written_bytes_total', 'Bytes written.'], combine({ device }), 9e6, random),
    counters(['node_disk_io_time_seconds_total', 'Time spent on I/O.'], combine({ device }), 0.3, random, 3),
    counters(['node_network_receive_bytes_total', 'Bytes received.'], combine({ device: network }), 3e6, random),
    counters(['node_network_transmit_bytes_total', 'Bytes sent.'], combine({ device: network }), 2e6, random),
    counters(['node_network_receive_errs_total', 'Receive errors.'], combine({ device: network }), 0.01, random),
    gauges(['node_filesystem_avail_bytes', 'Free space.'], combine({ mountpoint }), 5e11, random),
    gauges(['node_filesystem_files_free', 'Free inodes.'], combine({ mountpoint }), 3e7, random),
    gauges(['node_hwmon_temp_celsius', 'Temperature.'], combine({ chip: numbered('chip', 6) }), 80, random, 1),
    gauges(['node_memory_available_bytes', 'Memory that programs may still get.'], combine({}), 6e10, random),
    gauges(['node_memory_cached_bytes', 'Memory of the page cache.'], combine({}), 2e10, random),
    gauges(['node_load1', 'Load over one minute.'], combine({}), 8, random, 2),
  ]
}

function database(random: Random): MovingFamily[] {
  const relname = [
    'sessions',
    'stock',
    'users',
    'accounts',
    'audit',
    'carts',
    'countries',
    'coupons',
    'events',
    'invoices',
    'items',
    'jobs',
    'orders',
  ]
  const schemaname = ['archive', 'public']
  const tables = combine({ schemaname, relname })
  const state = ['active', 'idle', 'idle in transaction', 'waiting']
  return [
    counters(['pg_stat_user_tables_seq_scan', 'Sequential scans.'], tables, 2, random),
    counters(['pg_stat_user_tables_idx_scan', 'Index scans.'], tables, 130, random),
    counters(['pg_stat_user_tables_n_tup_ins', 'Rows inserted.'], tables, 25, random),
    counters(['pg_stat_user_tables_n_tup_upd', 'Rows updated.'], tables, 40, random),
    counters(['pg_stat_user_tables_n_tup_del', 'Rows deleted.'], tables, 5, random),
    gauges(['pg_stat_user_tables_n_dead_tup', 'Dead rows.'], tables, 90_000, random),
    gauges(['pg_table_size_bytes', 'Size of a table.'], tables, 4e9, random),
    gauges(['pg_stat_activity_count', 'Connections.'], combine({ datname: ['billing', 'shop'], state }), 60, random),
    latencies(['pg_query_duration_seconds', 'Time of a query.'], combine({}), 480, 0.012, random),
    gauges(['pg_replication_lag_seconds', 'How far a replica is behind.'], combine({}), 1.5, random, 3),
  ]
}

function broker(random: Random): MovingFamily[] {
  const topic = ['carts', 'clicks', 'emails', 'invoices', 'orders', 'payments', 'prices', 'stock']
  const partition = Array.from({ length: 8 }, (_, index) => String(index))
  const partitions = combine({ topic, partition })
  return [
    counters(['broker_partition_end_offset', 'Offset of the next message.'], partitions, 55, random),
    gauges(['broker_partition_size_bytes', 'Size on disk.'], partitions, 8e9, random),
    gauges(
      ['broker_consumer_lag', 'Messages that a group has still to read.'],
      partitions.map(set => ({ group: 'billing', ...set })),
      700,
      random,
    ),
    counters(['broker_bytes_in_total', 'Bytes received.'], combine({ topic }), 90_000, random),
    counters(['broker_bytes_out_total', 'Bytes sent.'], combine({ topic }), 260_000, random),
    latencies(
      ['broker_request_seconds', 'Time of a request.'],
      combine({ request: ['fetch', 'produce'] }),
      150,
      0.02,
      random,
    ),
  ]
}

/** What a process tells about itself. */
function runtime(random: Random): MovingFamily[] {
  const space = ['code', 'large', 'new', 'old', 'read_only', 'shared', 'trusted']
  return [
    counters(['process_cpu_seconds_total', 'CPU time.'], combine({}), 0.4, random, 3),
    gauges(['process_resident_memory_bytes', 'Resident set size.'], combine({}), 4e8, random),
    gauges(['process_open_fds', 'Open file descriptors.'], combine({}), 300, random),
    gauges(['process_heap_space_used_bytes', 'Heap in use.'], combine({ space }), 6e7, random),
    counters(
      ['process_gc_seconds_total', 'Time in garbage collection.'],
      combine({ kind: ['major', 'minor'] }),
      0.02,
      random,
      4,
    ),
  ]
}
