import test from 'ava'
import fc from 'fast-check'
import { formatDuration, parseDurationMs, parseSizeBytes } from '../../../lib/control/config/scalars.ts'

for (const [text, durationMs] of [
  ['30s', 30_000],
  ['400ms', 400],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['1d', 86_400_000],
  ['1w2d3h4m5s6ms', 788_645_006],
  ['7', 7000],
  ['0.5', 500],
  ['0s', 0],
  ['1H', 3_600_000],
] as const) {
  test(`${text} is ${durationMs} ms`, t => t.is(parseDurationMs(text), durationMs))
}

for (const text of ['', 'abc', '5x', '-5s', '1m 30s', 's', '1.5.5s', '1e3']) {
  test(`${JSON.stringify(text)} is no duration`, t => t.is(parseDurationMs(text), undefined))
}

for (const [durationMs, text] of [
  [0, '0s'],
  [400, '400ms'],
  [1500, '1.5s'],
  [90_000, '1m30s'],
  [60_000, '1m0s'],
  [86_400_000, '24h0m0s'],
] as const) {
  test(`${durationMs} ms is written ${text}`, t => t.is(formatDuration(durationMs), text))
}

test('a duration that was written is read back', t => {
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), durationMs => t.is(parseDurationMs(formatDuration(durationMs)), durationMs)),
  )
})

test('sizes take decimal and binary units', t => {
  const table = { '100': 100, '1KB': 1000, '1kib': 1024, '16MiB': 2 ** 24, '1.5 GB': 1.5e9, '2TiB': 2 ** 41, '7B': 7 }
  for (const [text, sizeBytes] of Object.entries(table)) t.is(parseSizeBytes(text), sizeBytes, text)
  for (const text of ['', 'huge', '1XB', '-1', 'KB', '1iB']) t.is(parseSizeBytes(text), undefined, text)
})
