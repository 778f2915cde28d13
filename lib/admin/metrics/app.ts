import os from 'node:os'
import type { LogCount } from '../../control/log.ts'
import type { MetricFamily, MetricType } from '../exposition.ts'
import type { AgentView, DroppedCounts, ReloadState, ShardView, TargetCount, WriterView } from '../view.ts'

/** vmagent's dashboards and alerts find agents by a version that begins so. */
const VERSION_PREFIX = 'vmagent-'

/** Families about the program: version, flags, log, configuration. */
export function appFamilies(view: AgentView, logCounts: readonly LogCount[], nowMs: number): MetricFamily[] {
  const { version, shortVersion } = view.version
  const app_version = VERSION_PREFIX + version
  return [
    one('vm_app_version', 'gauge', 'Always 1.', 1, { version: app_version, short_version: shortVersion }),
    one('vm_app_start_timestamp', 'gauge', 'Unix time of the start in seconds.', Math.floor(view.startedAtMs / 1000)),
    one('vm_app_uptime_seconds', 'gauge', 'Time since the start.', Math.floor((nowMs - view.startedAtMs) / 1000)),
    one('vm_allowed_memory_bytes', 'gauge', 'Memory budget of the flags -memory.*.', view.memoryAllowedBytes),
    one('vm_os_info', 'gauge', 'Always 1.', 1, { os: process.platform, release: os.release() }),
    {
      name: 'flag',
      type: 'gauge',
      help: 'Always 1; every command line flag with its value.',
      samples: view
        .flags()
        .map(({ name, value, isSet }) => ({ labels: { name, value, is_set: String(isSet) }, value: 1 })),
    },
    {
      name: 'vm_log_messages_total',
      type: 'counter',
      help: 'Log messages, those over the rate limit with is_printed="false".',
      samples: logCounts.map(({ severity, scope, printed, messages }) => ({
        labels: { app_version, level: severity, location: scope, is_printed: String(printed) },
        value: messages,
      })),
    },
    ...reloadFamilies('vm_promscrape_config', view.scrapeConfigReload()),
    ...reloadFamilies('vmagent_relabel_config', view.relabelConfigReload()),
  ]
}

function reloadFamilies(prefix: string, state: ReloadState | undefined): MetricFamily[] {
  if (!state) return []
  return [
    one(`${prefix}_last_reload_successful`, 'gauge', '1 if the last load worked.', state.lastSuccessful ? 1 : 0),
    one(
      `${prefix}_last_reload_success_timestamp_seconds`,
      'gauge',
      'Unix time of the last load that worked.',
      Math.floor(state.lastSuccessMs / 1000),
    ),
    one(`${prefix}_reloads_total`, 'counter', 'Loads that changed the configuration.', state.reloads),
    one(`${prefix}_reloads_errors_total`, 'counter', 'Loads that failed and changed nothing.', state.errors),
  ]
}

/** Families that count targets by where they come from and how they are. */
export function targetFamilies(counts: readonly TargetCount[]): MetricFamily[] {
  const byType = sumBy(counts, count => count.type)
  const byPool = sumBy(counts, count => count.scrapePool)
  return [
    {
      name: 'vm_promscrape_targets',
      type: 'gauge',
      help: 'Targets by kind of discovery and status.',
      samples: statusSamples(byType, 'type'),
    },
    {
      name: 'vm_promscrape_scrape_pool_targets',
      type: 'gauge',
      help: 'Targets by job and status.',
      samples: statusSamples(byPool, 'scrape_job'),
    },
    {
      name: 'vm_promscrape_active_scrapers',
      type: 'gauge',
      help: 'Targets that are being scraped, by kind of discovery.',
      samples: [...byType].map(([type, { up, down }]) => ({ labels: { type }, value: up + down })),
    },
  ]
}

/** Targets that were discovered and are not scraped. */
export function droppedFamily(counts: ReadonlyMap<string, DroppedCounts>): MetricFamily {
  const samples = [...counts].flatMap(([scrape_job, reasons]) =>
    Object.entries(reasons).map(([reason, value]) => ({ labels: { scrape_job, reason }, value })),
  )
  return {
    name: 'penstock_promscrape_dropped_targets',
    type: 'gauge',
    help: 'Discovered targets that are not scraped, by job and reason.',
    samples: samples.filter(({ value }) => value > 0),
  }
}

type UpDown = { readonly up: number; readonly down: number }

function sumBy(counts: readonly TargetCount[], key: (count: TargetCount) => string): Map<string, UpDown> {
  const sums = new Map<string, UpDown>()
  for (const count of counts) {
    const { up, down } = sums.get(key(count)) ?? { up: 0, down: 0 }
    sums.set(key(count), { up: up + count.up, down: down + count.down })
  }
  return sums
}

function statusSamples(sums: Map<string, UpDown>, label: string) {
  return [...sums].flatMap(([key, sum]) =>
    (['down', 'up'] as const).map(status => ({ labels: { [label]: key, status }, value: sum[status] })),
  )
}

/** How long ago each thread last gave a sign of life; left out for a thread that never did. */
export function heartbeatFamily(shards: readonly ShardView[], writer: WriterView, nowMs: number): MetricFamily {
  const beats: (readonly [string, number])[] = [
    ...shards.map(({ shard, counters }) => [String(shard), counters.get('heartbeatMs')] as const),
    ['writer', writer.counters.get('heartbeatMs')],
  ]
  return {
    name: 'penstock_heartbeat_age_seconds',
    type: 'gauge',
    help: 'Time since the last sign of life; shard is a number, or writer.',
    samples: beats
      .filter(([, beatMs]) => beatMs > 0)
      .map(([shard, beatMs]) => ({ labels: { shard }, value: Math.max(0, nowMs - beatMs) / 1000 })),
  }
}

function one(
  name: string,
  type: MetricType,
  help: string,
  value: number,
  labels: Readonly<Record<string, string>> = {},
): MetricFamily {
  return { name, type, help, samples: [{ labels, value }] }
}
