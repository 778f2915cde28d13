const NS_PER_UNIT: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5, micro sign
  μs: 1_000n, // U+03BC, Greek letter mu
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const NS_PER_MS = 1e6
const NS_MAX = 2n ** 63n - 1n
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y

/**
 * Reads a duration as Go's `time.ParseDuration` does: `1h30m`, `1.5s`, `-2ms`, `0`. Days do not exist.
 *
 * @returns nanoseconds; undefined if `text` is no duration or does not fit 64 bits
 */
export function parseDurationNs(text: string): bigint | undefined {
  const negative = text.startsWith('-')
  const digits = negative || text.startsWith('+') ? text.slice(1) : text
  if (digits === '0') return 0n
  if (digits === '') return undefined
  let totalNs = 0n
  for (let at = 0; at < digits.length; ) {
    PART.lastIndex = at
    const part = PART.exec(digits)
    if (part === null) return undefined
    const [matched, whole = '', fraction = '', unit = ''] = part
    if (whole === '' && fraction === '') return undefined
    const unitNs = NS_PER_UNIT[unit]!
    totalNs += BigInt(whole) * unitNs + (BigInt(fraction) * unitNs) / 10n ** BigInt(fraction.length)
    at += matched.length
  }
  if (totalNs > NS_MAX) return undefined
  return negative ? -totalNs : totalNs
}

/** As `parseDurationNs`, in milliseconds with a fraction. */
export function parseDurationMs(text: string): number | undefined {
  const ns = parseDurationNs(text)
  return ns === undefined ? undefined : Number(ns) / NS_PER_MS
}

/** Writes a duration as Go does: `1h30m0s`, `1.5s`, `100ms`, `1.001µs`, `0s`. Inverse of `parseDurationNs`. */
export function formatDurationNs(ns: bigint): string {
  if (ns < 0n) return `-${formatDurationNs(-ns)}`
  if (ns === 0n) return '0s'
  for (const unit of ['ns', 'µs', 'ms'] as const) {
    const unitNs = NS_PER_UNIT[unit]!
    if (ns < unitNs * 1000n) return decimal(ns, unitNs) + unit
  }
  const hours = ns / NS_PER_UNIT.h!
  const minutes = (ns / NS_PER_UNIT.m!) % 60n
  const seconds = decimal(ns % NS_PER_UNIT.m!, NS_PER_UNIT.s!)
  if (hours > 0n) return `${hours}h${minutes}m${seconds}s`
  return minutes > 0n ? `${minutes}m${seconds}s` : `${seconds}s`
}

/** `value / unit` as a decimal number; `unit` is a power of ten, so that the fraction ends. */
function decimal(value: bigint, unit: bigint): string {
  const fraction = (unit + (value % unit)).toString().slice(1).replace(/0+$/, '')
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`
}
