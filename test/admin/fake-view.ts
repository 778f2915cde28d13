import type { AgentView, DestinationView, ReloadResult, ShardView, TargetRelabeling } from '../../lib/admin/view.ts'
import { LabelPacker } from '../../lib/control/original-labels.ts'
import {
  allocateShardCounters,
  CounterBlock,
  DESTINATION_COUNTERS,
  type DestinationCounter,
  SHARD_COUNTERS,
  type ShardCounter,
  shardDestinationCounters,
  WRITER_COUNTERS,
} from '../../shared/counters.ts'
import type { TargetResponse } from '../../shared/protocol.ts'
import type { Label, RelabelRuleSpec, TargetSpec } from '../../shared/target.ts'

export const STARTED_AT_MS = Date.UTC(2026, 0, 2, 3, 4, 5)

export function makeShard(shard: number, counts: Partial<Record<ShardCounter, number>> = {}): ShardView {
  const counters = new CounterBlock<ShardCounter>(SHARD_COUNTERS, CounterBlock.allocate(SHARD_COUNTERS))
  for (const [name, value] of Object.entries(counts)) counters.set(name as ShardCounter, value ?? 0)
  return { shard, counters, ringUsedBytes: 64 * (shard + 1), ringCapacityBytes: 4096 }
}

export function makeDestination(
  name: string,
  counts: Partial<Record<DestinationCounter, number>> = {},
): DestinationView {
  const counters = new CounterBlock<DestinationCounter>(
    DESTINATION_COUNTERS,
    CounterBlock.allocate(DESTINATION_COUNTERS),
  )
  for (const [counter, value] of Object.entries(counts)) counters.set(counter as DestinationCounter, value ?? 0)
  const shardCounters = [3, 4].map(dropped => {
    const [counters] = shardDestinationCounters(allocateShardCounters(1))
    counters!.set('samplesDroppedByRules', dropped)
    return counters!
  })
  return { name, queues: 4, counters, shardCounters }
}

export function makeTarget(url: string): TargetSpec {
  return {
    id: new URL(url).port.padStart(16, '0'),
    jobKey: 'j',
    url,
    labels: [
      { name: 'instance', value: new URL(url).host },
      { name: 'job', value: 'j' },
    ],
    intervalMs: 15_000,
    timeoutMs: 10_000,
    offsetMs: 0,
    maxBodyBytes: 16_777_216,
    sampleLimit: 0,
    labelLimit: 0,
    seriesLimit: 0,
  }
}

function packed(...labels: readonly Label[]) {
  return new LabelPacker().pack(labels)
}

/** A view of an agent with two shards, one target that is up, one that is down and one never scraped. */
export class FakeView implements AgentView {
  readonly version = { version: 'penstock-v0.1.0', shortVersion: 'v0.1.0' }
  readonly startedAtMs = STARTED_AT_MS
  readonly memoryAllowedBytes = 1_000_000
  keepsOriginalLabels = true
  /** By id. */
  readonly relabelings = new Map<string, TargetRelabeling>()
  readonly responses = new Map<string, TargetResponse>()
  urlRules: readonly RelabelRuleSpec[] | undefined
  jobsLeft = 0
  reloads = 0
  reloadResult: ReloadResult = { ok: true }
  failing = false
  shardList = [makeShard(0), makeShard(1)]
  destinations = [makeDestination('1:secret-url')]

  flags() {
    return [
      { name: 'promscrape.config', value: 'a "b".yml', isSet: true },
      { name: 'remoteWrite.url', value: 'secret', isSet: true },
      { name: 'remoteWrite.queues', value: '4', isSet: false },
    ]
  }

  configText() {
    return 'scrape_configs:\n- job_name: j\n  basic_auth:\n    password: <secret>\n'
  }

  relabelConfigText() {
    return '- action: labeldrop\n  regex: x\n'
  }

  destinationRules() {
    return this.destinations.map(({ name }) => ({ name, rules: this.urlRules }))
  }

  scrapeConfigReload() {
    return { reloads: 2, errors: 1, lastSuccessful: false, lastSuccessMs: STARTED_AT_MS, lastError: 'a.yml:1:2: bad' }
  }

  relabelConfigReload() {
    return undefined
  }

  async reload() {
    this.reloads += 1
    return this.reloadResult
  }

  jobNames() {
    return ['empty', 'j']
  }

  jobsNotReady() {
    return this.jobsLeft
  }

  discoveryStats() {
    return {
      requests: 5,
      retries: 1,
      failures: new Map([['http_sd_configs', 2] as const]),
      endpoints: [{ url: 'http://sd:1/list', fetch: 1, parse: 2 }],
    }
  }

  async activeTargets() {
    if (this.failing) throw new Error('no shard answers')
    const times = { scrapes: 3, scrapesFailed: 1, lastScrapeMs: STARTED_AT_MS, lastDurationMs: 12 }
    const base = { ...times, samples: 5, bodyBytes: 1500 }
    const target = (url: string) => ({
      spec: makeTarget(url),
      scrapePool: 'j',
      discoveredLabels: packed({ name: '__address__', value: new URL(url).host }),
      shard: 1,
    })
    return [
      { ...target('http://a:1/metrics'), status: { id: 'a', up: true, error: '', ...base } },
      { ...target('http://b:2/metrics'), status: { id: 'b', up: false, error: '<refused> & "gone"', ...base } },
      { ...target('http://c:3/metrics'), status: undefined },
    ]
  }

  droppedTargets() {
    const discoveredLabels = packed({ name: '__address__', value: 'z:9' }, { name: 'kind', value: 'gone' })
    return [{ scrapePool: 'd', discoveredLabels, reason: 'relabeling' as const }]
  }

  droppedCounts() {
    return new Map([['d', { relabeling: 3, 'missing scrape URL': 0, duplicate: 0, sharding: 0 }]])
  }

  originalLabelsBytes() {
    return 100
  }

  relabelingOf(id: string) {
    return this.relabelings.get(id)
  }

  async targetResponse(id: string) {
    return this.responses.get(id)
  }

  async targetCounts() {
    if (this.failing) throw new Error('no shard answers')
    return [
      { type: 'static_configs', scrapePool: 'j', up: 1, down: 2 },
      { type: 'static_configs', scrapePool: 'k', up: 3, down: 0 },
    ]
  }

  shards() {
    return this.shardList
  }

  writer() {
    return {
      counters: new CounterBlock(WRITER_COUNTERS, CounterBlock.allocate(WRITER_COUNTERS)),
      destinations: this.destinations,
    }
  }
}
