import type { DestinationSpec, ShardOptions } from '../../shared/protocol.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'

/** A job without anything special. */
export function jobOf(key: string): JobSpec {
  return {
    key,
    jobName: key,
    http: { headers: [] },
    externalLabels: [],
    metricRelabelRules: [],
    honorLabels: false,
    honorTimestamps: false,
    disableCompression: false,
    disableKeepAlive: false,
    followRedirects: true,
    noStaleMarkers: false,
  }
}

/** A target of its own for each number; `behaviour` tells test/fixtures/shard.ts what to do with it. */
export function targetOf(number: number, jobKey = 'a', behaviour = 'none'): TargetSpec {
  return {
    id: BigInt.asUintN(64, BigInt(number) * 0x9e3779b97f4a7c15n)
      .toString(16)
      .padStart(16, '0'),
    jobKey,
    url: `http://target-${number}/metrics`,
    labels: [{ name: 'behaviour', value: behaviour }],
    intervalMs: 1000,
    timeoutMs: 1000,
    offsetMs: 0,
    maxBodyBytes: 1 << 20,
    sampleLimit: 0,
    labelLimit: 0,
    seriesLimit: 0,
  }
}

/** Options of shards without anything special. */
export function shardOptionsOf(fields: Partial<ShardOptions> = {}): ShardOptions {
  return {
    remoteRelabelRules: [],
    views: [{ destinations: 0, relabelRules: [] }],
    compatibleNaming: false,
    remoteLabels: [],
    sendMetadata: false,
    hashSeed: [1, 2],
    suppressScrapeErrors: false,
    suppressScrapeErrorsDelayMs: 0,
    maxHeadBytes: 4096,
    ...fields,
  }
}

/** A destination where nobody listens. */
export function destinationOf(name: string): DestinationSpec {
  return {
    url: 'http://127.0.0.1:1/api/v1/write',
    name,
    http: { headers: [] },
    sendTimeoutMs: 1000,
    retryMinMs: 1000,
    retryMaxMs: 1000,
    queues: 1,
    queueBytesMax: 1 << 20,
  }
}
