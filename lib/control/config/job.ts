import type { RelabelRuleSpec } from '../../../shared/target.ts'
import { parseRules } from '../../relabel/parse-rules.ts'
import type { ConfigError } from '../../yaml/error.ts'
import { type FieldTable, fieldTable, type YamlMap, type YamlValue } from '../../yaml/value.ts'
import { DISCOVERY_FIELDS, readDiscovery } from '../discovery/registry.ts'
import { acceptOf, checkFallback, readFormats } from './formats.ts'
import type { GlobalConfig } from './global.ts'
import { HTTP_CLIENT_FIELDS, type JobScope, readHttpClient } from './http-client.ts'
import { readLimits, readSeriesChecks } from './limits.ts'
import { checkPrometheusFields, PROMETHEUS_FIELDS } from './prometheus-fields.ts'
import { readDurationMs } from './scalars.ts'
import type { UnusableFile } from './secret-files.ts'
import type { JobConfig, ScrapeOptions } from './types.ts'

const OTHER_DISCOVERY = {
  refused: `targets are discovered by ${DISCOVERY_FIELDS.join(', ')}; let a sidecar write a file or answer over HTTP`,
}

/** All fields of a job. */
export const JOB_FIELDS: FieldTable = {
  ...fieldTable(
    ...['job_name', 'scrape_interval', 'scrape_timeout', 'scrape_align_interval', 'scrape_offset'],
    ...['metrics_path', 'scheme', 'params', 'honor_labels', 'honor_timestamps'],
    ...['disable_compression', 'enable_compression', 'disable_keepalive', 'no_stale_markers', 'stream_parse'],
    ...['sample_limit', 'label_limit', 'series_limit', 'max_scrape_size', 'fallback_scrape_protocol'],
    ...['relabel_configs', 'metric_relabel_configs', ...DISCOVERY_FIELDS],
  ),
  ...HTTP_CLIENT_FIELDS,
  ...Object.fromEntries(
    [
      ...['azure', 'consul', 'consulagent', 'digitalocean', 'docker', 'dockerswarm', 'ec2', 'eureka', 'gce'],
      ...['hetzner', 'kubernetes', 'kuma', 'marathon', 'nomad', 'openstack', 'ovhcloud', 'puppetdb'],
      ...['yandexcloud', 'vultr', 'linode', 'lightsail', 'scaleway', 'uyuni', 'ionos', 'serverset', 'nerve', 'triton'],
    ].map(kind => [`${kind}_sd_configs`, OTHER_DISCOVERY]),
  ),
  vultr_configs: OTHER_DISCOVERY,
  ...PROMETHEUS_FIELDS,
}

/** The job, or what makes it unusable. */
export type ReadJob = {
  readonly jobName: string
  /** Where the job begins. */
  readonly value: YamlValue
  readonly config?: JobConfig
  readonly problems: readonly ConfigError[]
  readonly unusable: readonly UnusableFile[]
  readonly warnings: readonly string[]
}

/**
 * Reads one entry of `scrape_configs`.
 *
 * @throws {ConfigError} on unknown fields and wrong types. A job that is well-formed but cannot be used is returned
 *   with its problems and without a config, as vmagent leaves it out and runs the others
 */
export function readJob(value: YamlValue, global: GlobalConfig, options: ScrapeOptions, baseDir: string): ReadJob {
  const map = value.asMap().check(JOB_FIELDS)
  const scope: JobScope = { baseDir, options, problems: [...global.problems], unusable: [], warnings: [] }
  const jobName = map.get('job_name')?.asString() ?? ''
  if (jobName === '') scope.problems.push(value.error('job_name is missing'))
  checkPrometheusFields(map)
  checkFallback(map.get('fallback_scrape_protocol'))
  const formats = { ...global.formats, ...readFormats(map) }
  const accept = acceptOf(formats)
  const seriesChecks = readSeriesChecks(map, global, formats)
  const config: JobConfig = {
    jobName,
    ...readTiming(map, global),
    ...readEndpoint(map, scope),
    ...readLimits(map, global, options, scope),
    ...(seriesChecks !== undefined && { seriesChecks }),
    ...(accept !== undefined && { accept }),
    http: readHttpClient(map, scope),
    honorLabels: map.get('honor_labels')?.asBoolean() ?? false,
    honorTimestamps: map.get('honor_timestamps')?.asBoolean() ?? false,
    disableCompression: readDisableCompression(map, options),
    disableKeepAlive: options.disableKeepAlive || (map.get('disable_keepalive')?.asBoolean() ?? false),
    followRedirects: map.get('follow_redirects')?.asBoolean() ?? true,
    noStaleMarkers: map.get('no_stale_markers')?.asBoolean() ?? options.noStaleMarkers,
    streamParse: options.streamParse || (map.get('stream_parse')?.asBoolean() ?? false),
    externalLabels: global.externalLabels,
    relabelRules: readRules(map, 'relabel_configs', global.relabelRules, scope),
    metricRelabelRules: readRules(map, 'metric_relabel_configs', global.metricRelabelRules, scope),
    discovery: readDiscovery(map, scope),
  }
  const { problems, unusable, warnings } = scope
  return { jobName, value, problems, unusable, warnings, ...(problems.length === 0 && { config }) }
}

function readTiming(map: YamlMap, global: GlobalConfig) {
  const intervalMs = readDurationMs(map.get('scrape_interval')) || global.intervalMs
  const timeoutMs = readDurationMs(map.get('scrape_timeout')) || global.timeoutMs
  const offsetMs = readDurationMs(map.get('scrape_offset'))
  return {
    intervalMs,
    timeoutMs: Math.min(timeoutMs, intervalMs),
    alignIntervalMs: readDurationMs(map.get('scrape_align_interval')) ?? 0,
    ...(offsetMs !== undefined && { offsetMs }),
  }
}

function readEndpoint(map: YamlMap, { problems }: JobScope) {
  const scheme = map.get('scheme')
  const schemeText = scheme?.asString().toLowerCase() || 'http'
  if (schemeText !== 'http' && schemeText !== 'https') {
    problems.push(scheme!.error(`scheme ${JSON.stringify(schemeText)} is neither http nor https`))
  }
  const params = map.get('params')?.asMap().fields ?? []
  return {
    scheme: schemeText,
    metricsPath: map.get('metrics_path')?.asString() || '/metrics',
    params: params.map(({ name, value }) => [name, value.asStrings()] as const),
  }
}

function readDisableCompression(map: YamlMap, options: ScrapeOptions): boolean {
  const enable = map.get('enable_compression')?.asBoolean()
  const disable = map.get('disable_compression')?.asBoolean() ?? false
  return options.disableCompression || (enable === undefined ? disable : !enable)
}

function readRules(map: YamlMap, field: string, first: readonly RelabelRuleSpec[], scope: JobScope) {
  const list = map.get(field)
  if (list === undefined) return first
  const { rules, problems } = parseRules(list)
  scope.problems.push(...problems)
  return [...first, ...rules]
}
