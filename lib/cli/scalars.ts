import { formatDurationNs, parseDurationMs, parseDurationNs } from './duration.ts'

/** What a flag value can be, lists aside. `password` is text that is never shown. */
export type ScalarType = 'string' | 'password' | 'bool' | 'int' | 'int64' | 'float' | 'bytes' | 'duration'

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])
const DECIMAL = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+)(?:e[+-]?\d+)?$/i
const BYTES = /^(?<number>.*?)(?<suffix>(?:[kmgt]i?b)?)$/i
const BYTES_PER_SUFFIX: Readonly<Record<string, number>> = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}
const RADIX: Readonly<Record<string, number>> = { '0x': 16, '0o': 8, '0b': 2, '0': 8 }
const INT = /^(?<sign>[+-]?)(?:(?<prefix>0x|0o|0b|0(?=_?\d))_?)?(?<digits>[\da-f]+(?:_[\da-f]+)*)$/i

/** Reads one of Go's spellings of a boolean: `true`, `t`, `1`, `FALSE`, ... Undefined for anything else. */
export function parseBool(text: string): boolean | undefined {
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : undefined
}

/** Reads a whole number in Go's syntax: `12`, `-0x1F`, `0b11`, `017`, `1_000`. Undefined outside the safe integers. */
export function parseInteger(text: string): number | undefined {
  const groups = INT.exec(text)?.groups
  if (groups === undefined) return undefined
  const radix = groups.prefix === undefined ? 10 : RADIX[groups.prefix.toLowerCase()]!
  const digits = groups.digits!.replaceAll('_', '').toLowerCase()
  const magnitude = Number.parseInt(digits, radix)
  const digitMax = radix > 10 ? 'f' : String(radix - 1)
  if ([...digits].some(digit => digit > digitMax) || !Number.isSafeInteger(magnitude)) return undefined
  return groups.sign === '-' && magnitude !== 0 ? -magnitude : magnitude
}

/** Reads a whole decimal number: an item of a list of numbers knows no other spelling. */
export function parseListInteger(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Reads a finite decimal number, such as `1.5`, `1e3` or `1_000`. */
export function parseFloatingPoint(text: string): number | undefined {
  if (!DECIMAL.test(text)) return undefined
  const value = Number(text.replaceAll('_', ''))
  return Number.isFinite(value) ? value : undefined
}

/**
 * Reads a size, such as `1048576`, `1.5MiB` or `10kb`: KB, MB, GB and TB count in thousands, KiB, MiB, GiB and TiB in
 * 1024s, and a fraction of a byte is cut.
 *
 * @returns bytes, 0 or more; undefined if `text` is no size, is negative or is above 2^53
 */
export function parseBytes(text: string): number | undefined {
  const { number = '', suffix = '' } = BYTES.exec(text)?.groups ?? {}
  const value = parseFloatingPoint(number)
  if (value === undefined || value < 0) return undefined
  const sizeBytes = Math.trunc(value * BYTES_PER_SUFFIX[suffix.toUpperCase()]!)
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined
}

/** How the values of each type are read, undefined for nonsense, and what a right one looks like. */
export const SCALARS: {
  readonly [T in ScalarType]: {
    readonly parse: (text: string) => string | number | boolean | undefined
    readonly example: string
  }
} = {
  string: { parse: text => text, example: 'text' },
  password: { parse: text => text, example: 'text' },
  bool: { parse: parseBool, example: 'true' },
  int: { parse: parseInteger, example: '10' },
  int64: { parse: parseInteger, example: '10' },
  float: { parse: parseFloatingPoint, example: '1.5' },
  bytes: { parse: parseBytes, example: '64MiB' },
  duration: { parse: parseDurationMs, example: '1m30s' },
}

/** The usual spelling of a value that `SCALARS[type].parse` accepts: that of vmagent's `/flags`. */
export function showScalar(type: ScalarType, text: string): string {
  if (type === 'bytes') return text.toUpperCase().replace('I', 'i')
  if (type === 'duration') return formatDurationNs(parseDurationNs(text)!)
  return type === 'string' ? text : String(SCALARS[type].parse(text))
}
