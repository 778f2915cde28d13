import test from 'ava'
import fc from 'fast-check'
import { backoffMs, retryAfterMs } from '../../shared/backoff.ts'

const NOW_MS = Date.UTC(2026, 0, 1)

test('the delay doubles from the least to the greatest', t => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 7, 2000].map(attempt => backoffMs(attempt, 1000, 60_000, 0))
  t.deepEqual(delays, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

test('jitter adds a tenth at most', t => {
  fc.assert(
    fc.property(fc.nat(40), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const plainMs = backoffMs(attempt, 100, 5000, 0)
      const delayMs = backoffMs(attempt, 100, 5000, random)
      return delayMs >= plainMs && delayMs <= plainMs * 1.1 + 1e-6
    }),
  )
  t.is(backoffMs(0, 1000, 60_000, 1), 1100)
})

const asked: readonly (readonly [header: string | undefined, delayMs: number | undefined])[] = [
  [undefined, undefined],
  ['2', 2000],
  [' 7 ', 7000],
  ['0', undefined],
  ['1', 1500],
  ['3600', 30_000],
  ['99999999999999999999', 30_000],
  ['Thu, 01 Jan 2026 00:00:09 GMT', 9000],
  ['Thu, 01 Jan 2026 00:59:00 GMT', 30_000],
  ['Wed, 31 Dec 2025 23:59:59 GMT', undefined],
  ['soon', undefined],
  ['', undefined],
]
for (const [header, delayMs] of asked) {
  test(`Retry-After ${JSON.stringify(header)} asks for ${delayMs} ms within 1500 to 30000`, t => {
    t.is(retryAfterMs(header, NOW_MS, 1500, 30_000, 0), delayMs)
  })
}

test('a wait that was asked for is never shortened by jitter', t => {
  t.is(retryAfterMs('10', NOW_MS, 1000, 60_000, 0), 10_000)
  t.is(retryAfterMs('10', NOW_MS, 1000, 60_000, 1), 11_000)
})
