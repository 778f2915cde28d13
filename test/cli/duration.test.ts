import test from 'ava'
import fc from 'fast-check'
import { formatDurationNs, parseDurationMs, parseDurationNs } from '../../lib/cli/duration.ts'

const NS_MAX = 2n ** 63n - 1n

test('a duration that was written reads back as the same number of nanoseconds', t => {
  fc.assert(fc.property(fc.bigInt({ min: -NS_MAX, max: NS_MAX }), ns => parseDurationNs(formatDurationNs(ns)) === ns))
  t.pass()
})

test('the parts of a duration add up, in any order and number', t => {
  const units = { ns: 1n, us: 1_000n, ms: 1_000_000n, s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n }
  const part = fc.tuple(fc.nat(1000), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), parts => {
      const text = parts.map(([count, unit]) => `${count}${unit}`).join('')
      return parseDurationNs(text) === parts.reduce((sum, [count, unit]) => sum + BigInt(count) * units[unit], 0n)
    }),
  )
  t.pass()
})

const READ: readonly (readonly [text: string, ms: number])[] = [
  ['0', 0],
  ['-0', 0],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['1h1h', 7_200_000],
  ['+.5s', 500],
  ['5.s', 5000],
  ['-5s', -5000],
  ['100ms', 100],
  ['1us1ns', 0.001001],
  ['1µs', 0.001],
  ['1μs', 0.001],
  ['2562047h', 2_562_047 * 3_600_000],
]
for (const [text, ms] of READ) {
  test(`${text} is ${ms} ms`, t => t.is(parseDurationMs(text), ms))
}

for (const text of ['', '5', '1d', 'h', '.s', '-', '1h ', ' 1h', '1h-1m', '1e3s', '1_0s', '2562048h', '0x1s']) {
  test(`${JSON.stringify(text)} is no duration`, t => t.is(parseDurationNs(text), undefined))
}

const WRITTEN: readonly (readonly [text: string, written: string])[] = [
  ['0', '0s'],
  ['90s', '1m30s'],
  ['1h', '1h0m0s'],
  ['1000h', '1000h0m0s'],
  ['1500ms', '1.5s'],
  ['0.1s', '100ms'],
  ['1001ns', '1.001µs'],
  ['-90m', '-1h30m0s'],
]
for (const [text, written] of WRITTEN) {
  test(`${text} is written as ${written}`, t => t.is(formatDurationNs(parseDurationNs(text)!), written))
}
