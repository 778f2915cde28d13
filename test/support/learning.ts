import type { JobSpec, Label, TargetSpec } from '../../shared/target.ts'

/** Labels by their names. */
export function labelsOf(labels: Readonly<Record<string, string>>): Label[] {
  return Object.entries(labels).map(([name, value]) => ({ name, value }))
}

export function jobOf(fields: Partial<JobSpec> = {}): JobSpec {
  return {
    key: 'j',
    jobName: 'j',
    http: { headers: [] },
    externalLabels: [],
    metricRelabelRules: [],
    honorLabels: false,
    honorTimestamps: false,
    disableCompression: false,
    disableKeepAlive: false,
    followRedirects: true,
    noStaleMarkers: false,
    ...fields,
  }
}

export function targetOf(fields: Partial<TargetSpec> = {}): TargetSpec {
  return {
    id: '0123456789abcdef',
    jobKey: 'j',
    url: 'http://host:9100/metrics',
    labels: labelsOf({ instance: 'host:9100', job: 'j' }),
    intervalMs: 1000,
    timeoutMs: 1000,
    offsetMs: 0,
    maxBodyBytes: 1 << 24,
    sampleLimit: 0,
    labelLimit: 0,
    seriesLimit: 0,
    ...fields,
  }
}
