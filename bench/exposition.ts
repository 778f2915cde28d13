/*
 * What a simulated target says: text like that of node_exporter, a pure function of the number of the scrape, so that
 * all targets can share a body and every run sees the same bytes.
 */

/** How the value of a series moves from scrape to scrape, and how it is written. */
type Motion = 'count' | 'plain' | 'seconds' | 'bytes' | 'gauge' | 'tiny' | 'bucket' | 'state' | 'info'

type Family = {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
  readonly motion: Motion
  /** Share of the series that this family gets, relative to the other families. */
  readonly weight: number
  /** Whether every series is a metric of its own, with its own HELP and TYPE. */
  readonly alone?: true
  /** What follows the name on the line of the family's k-th series: a suffix, labels or nothing. */
  readonly series: (k: number) => string
}

const MODES = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user']
const UNIT_STATES = ['active', 'activating', 'deactivating', 'failed', 'inactive']
const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf']
const QUANTILES = ['0', '0.25', '0.5', '0.75', '1']

/** Stands for the hashes in the names that orchestrators make up. */
const uid = (k: number) =>
  Math.floor(noise(k, 7) * 2 ** 32)
    .toString(16)
    .padStart(8, '0')
const device = (k: number) => `{device="eth${k}"}`
const disk = (k: number) => `{device="nvme${k >> 2}n${k & 3}"}`
const cpu = (k: number) => `{cpu="${k}"}`
const cpuMode = (k: number) => `{cpu="${k >> 3}",mode="${MODES[k & 7]}"}`
// An empty label value is what node_exporter shows for a healthy file system; agents must leave it out.
const mount = (k: number) => {
  const where = `mountpoint="/var/lib/pods/${uid(k)}/volume"`
  return `{device="/dev/mapper/data-volume${k}",device_error="",fstype="${k % 3 ? 'ext4' : 'xfs'}",${where}}`
}
const unit = (k: number) =>
  `{name="worker-${uid(Math.floor(k / 5))}.service",state="${UNIT_STATES[k % 5]}",type="simple"}`
const sensor = (k: number) => `{chip="platform_coretemp_${k >> 3}",sensor="temp${k & 7}"}`
const histogram = (k: number) => {
  const labels = `code="200",handler="/api/v1/items/{id}/${Math.floor(k / 14)}"`
  const part = k % 14
  if (part === 12) return `_sum{${labels}}`
  if (part === 13) return `_count{${labels}}`
  return `_bucket{${labels},le="${BOUNDS[part]}"}`
}
const quantile = (k: number) => `{pool="worker-${Math.floor(k / 5)}",quantile="${QUANTILES[k % 5]}"}`
// Quotes, backslashes, newlines, braces, a space and letters beyond ASCII: all legal in a label value.
const described = (k: number) => `{description="slot \\"${k}\\" of C:\\\\rack\\n{größe} → ${k}",slot="${k}"}`
const field = (prefix: string) => (k: number) => `_${prefix}${k}`

const FAMILIES: readonly Family[] = [
  { name: 'go_gc_duration_seconds', type: 'summary', motion: 'tiny', weight: 10, series: quantile },
  { name: 'http_request_duration_seconds', type: 'histogram', motion: 'bucket', weight: 140, series: histogram },
  { name: 'node_cpu_seconds_total', type: 'counter', motion: 'seconds', weight: 96, series: cpuMode },
  { name: 'node_disk_io_time_seconds_total', type: 'counter', motion: 'seconds', weight: 20, series: disk },
  { name: 'node_disk_read_bytes_total', type: 'counter', motion: 'bytes', weight: 20, series: disk },
  { name: 'node_disk_reads_completed_total', type: 'counter', motion: 'count', weight: 20, series: disk },
  { name: 'node_disk_written_bytes_total', type: 'counter', motion: 'bytes', weight: 20, series: disk },
  { name: 'node_filesystem_avail_bytes', type: 'gauge', motion: 'bytes', weight: 55, series: mount },
  { name: 'node_filesystem_files_free', type: 'gauge', motion: 'plain', weight: 55, series: mount },
  { name: 'node_filesystem_readonly', type: 'gauge', motion: 'state', weight: 55, series: mount },
  { name: 'node_hwmon_temp_celsius', type: 'gauge', motion: 'gauge', weight: 40, series: sensor },
  { name: 'node_memory', type: 'gauge', motion: 'bytes', weight: 50, series: field('Section'), alone: true },
  { name: 'node_netstat_TcpExt', type: 'untyped', motion: 'plain', weight: 60, series: field('Counter'), alone: true },
  { name: 'node_network_info', type: 'gauge', motion: 'info', weight: 20, series: device },
  { name: 'node_network_receive_bytes_total', type: 'counter', motion: 'bytes', weight: 40, series: device },
  { name: 'node_network_receive_packets_total', type: 'counter', motion: 'count', weight: 40, series: device },
  { name: 'node_network_transmit_bytes_total', type: 'counter', motion: 'bytes', weight: 40, series: device },
  { name: 'node_rack_slot_watts', type: 'gauge', motion: 'gauge', weight: 10, series: described },
  { name: 'node_schedstat_running_seconds_total', type: 'counter', motion: 'seconds', weight: 30, series: cpu },
  { name: 'node_schedstat_timeslices_total', type: 'counter', motion: 'count', weight: 30, series: cpu },
  { name: 'node_scrape_collector_duration_seconds', type: 'gauge', motion: 'tiny', weight: 39, series: sensor },
  { name: 'node_systemd_unit_state', type: 'gauge', motion: 'state', weight: 110, series: unit },
]

/**
 * A float as Go exporters write it: the fewest digits that keep its bits, with an exponent from 1e+06 up and below
 * 1e-04.
 */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const [digits, exponentText] = value.toExponential().split('e') as [string, string]
  const exponent = Number(exponentText)
  if (value === 0 || (exponent >= -4 && exponent < 6)) return Object.is(value, -0) ? '-0' : String(value)
  const sign = exponent < 0 ? '-' : '+'
  return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** A number from 0 up to 1 that looks random and depends on its arguments only. */
function noise(a: number, b: number): number {
  let hash = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32
}

function valueText(motion: Motion, series: number, scrape: number): string {
  const pace = noise(series, -1)
  const jitter = noise(series, scrape)
  switch (motion) {
    case 'count':
      return formatGoFloat(Math.floor(pace * 2e6) + scrape * (1 + Math.floor(pace * 900)))
    case 'plain':
      return String(Math.floor(pace * 5e7) + scrape * (1 + Math.floor(pace * 20)))
    case 'seconds':
      return formatGoFloat(Math.round(pace * 1e7 + scrape * (1 + pace * 100)) / 100)
    case 'bytes':
      return formatGoFloat(Math.floor(pace * 4e10) + scrape * 4096 * (1 + Math.floor(pace * 64 + jitter * 64)))
    case 'gauge':
      return formatGoFloat(Math.round((20 + pace * 60 + jitter * 5) * 1000) / 1000)
    case 'tiny':
      return formatGoFloat(Math.round((pace + jitter) * 1e6) / 1e9)
    case 'bucket':
      return formatGoFloat((scrape + 100) * (1 + (series % 14)) + Math.floor(pace * 100))
    case 'state':
      return series % 5 === 0 ? '1' : '0'
    case 'info':
      return '1'
  }
}

/** Hands out `total` series to the families by weight; every family gets its share rounded, the last ones the rest. */
function shares(total: number): number[] {
  const weights = FAMILIES.reduce((sum, family) => sum + family.weight, 0)
  let weightSoFar = 0
  let given = 0
  return FAMILIES.map(family => {
    weightSoFar += family.weight
    const upTo = Math.round((total * weightSoFar) / weights)
    const share = upTo - given
    given = upTo
    return share
  })
}

/** The text of one kind of target; a fraction of its series may be replaced by new ones every scrape. */
export class Exposition {
  readonly seriesCount: number
  readonly #churn: number
  /** One a series, in the order of the lines: what stands before its value (without churn) and how it moves. */
  readonly #lines: { readonly key: string; readonly motion: Motion; readonly header: string; readonly turn: number }[] =
    []

  /** @param churn 0 (nothing changes but values) to 1 (no series is ever seen twice) */
  constructor(seriesCount: number, churn = 0) {
    this.seriesCount = seriesCount
    this.#churn = churn
    const perFamily = shares(seriesCount)
    const stride = strideFor(seriesCount)
    for (const [index, family] of FAMILIES.entries()) {
      for (let k = 0; k < perFamily[index]!; k++) {
        const key = family.name + family.series(k)
        const header = k === 0 || family.alone ? headerOf(family.alone ? key : family.name, family) : ''
        this.#lines.push({ key, motion: family.motion, header, turn: (this.#lines.length * stride) % seriesCount })
      }
    }
  }

  /** The whole text of scrape number `scrape`, counted from 0. Each call with the same number gives the same text. */
  body(scrape: number): string {
    let text = ''
    for (const [index, line] of this.#lines.entries()) {
      const key = this.#churn > 0 ? withPod(line.key, line.turn, this.#generation(line.turn, scrape)) : line.key
      text += `${line.header}${key} ${valueText(line.motion, index, scrape)}\n`
    }
    return text
  }

  /** Number of series, of one scrape, whose metric name matches. */
  countMatching(name: RegExp): number {
    return this.#lines.filter(line => name.test(line.key.replace(/\{.*/s, ''))).length
  }

  /** How often the series with this turn has been replaced up to `scrape`: turns come round, a few every scrape. */
  #generation(turn: number, scrape: number): number {
    const replaced = Math.floor(scrape * this.#churn * this.seriesCount + 1e-9)
    return Math.floor((replaced + this.seriesCount - 1 - turn) / this.seriesCount)
  }
}

function headerOf(name: string, { type, motion }: Family): string {
  return `# HELP ${name} Simulated ${motion}.\n# TYPE ${name} ${type}\n`
}

/** Spreads the series that are replaced in one scrape over the whole body, as a vanished pod does in real ones. */
function strideFor(count: number): number {
  const divides = (a: number, b: number): number => (b === 0 ? a : divides(b, a % b))
  let stride = Math.max(1, Math.floor(count * 0.618))
  while (divides(stride, count) !== 1) stride++
  return stride
}

function withPod(key: string, turn: number, generation: number): string {
  const pod = `pod="web-${generation.toString(36).padStart(6, '0')}-${turn.toString(36)}"`
  return key.endsWith('}') ? `${key.slice(0, -1)},${pod}}` : `${key}{${pod}}`
}
