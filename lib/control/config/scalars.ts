import type { YamlValue } from '../../yaml/value.ts'

const MS_BY_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365 * 86_400_000,
}
const DURATION = /^(?:\d+(?:\.\d*)?|\.\d+)(?:ms|[smhdwy])(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ms|[smhdwy]))*$/i

/**
 * `1d2h3m4.5s6ms`, or a plain number of seconds.
 *
 * @returns whole milliseconds; undefined if the text is no duration
 */
export function parseDurationMs(text: string): number | undefined {
  if (/^\d+(\.\d*)?$/.test(text)) return Math.round(Number(text) * 1000)
  if (!DURATION.test(text)) return undefined
  let sumMs = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|[smhdwy])/gi)) {
    sumMs += Number(amount) * MS_BY_UNIT[unit!.toLowerCase()]!
  }
  return Math.round(sumMs)
}

/** @throws {ConfigError} */
export function readDurationMs(value: YamlValue | undefined): number | undefined {
  if (value === undefined) return undefined
  const text = value.asString()
  const durationMs = parseDurationMs(text)
  if (durationMs === undefined) {
    throw value.error(`${JSON.stringify(text)} is not a duration; write it like 30s, 1m30s or 1d`)
  }
  return durationMs
}

/** Writes a duration as Go does: `1m30s`, `24h0m0s`, `1.5s`, `400ms`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  if (durationMs < 1000) return `${durationMs}ms`
  const hours = Math.floor(durationMs / 3_600_000)
  const minutes = Math.floor(durationMs / 60_000) % 60
  const seconds = `${(durationMs % 60_000) / 1000}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

const BYTES_BY_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}

/** A number of bytes, with KB, MB, GB, TB or KiB, MiB, GiB, TiB behind it; undefined if the text is none. */
export function parseSizeBytes(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b|)\s*$/i.exec(text)
  const factor = match === null ? undefined : BYTES_BY_UNIT[match[2]!.toLowerCase()]
  return factor === undefined ? undefined : Math.floor(Number(match![1]) * factor)
}
