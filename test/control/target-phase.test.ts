import test from 'ava'
import fc from 'fast-check'
import { phaseMs } from '../../lib/control/target-phase.ts'

type Options = { readonly alignIntervalMs?: number; readonly offsetMs?: number; readonly memberNum?: number }

function phaseOf(url: string, intervalMs: number, { memberNum = 0, alignIntervalMs = 0, offsetMs }: Options = {}) {
  const labels = [
    { name: 'instance', value: new URL(url).host },
    { name: 'job', value: 'j' },
    { name: 'v', value: 'x "y" é' },
  ]
  const timing = offsetMs === undefined ? { alignIntervalMs } : { alignIntervalMs, offsetMs }
  return phaseMs({ url, labels, intervalMs }, timing, { name: '', memberNum })
}

const urls = Array.from({ length: 50 }, (_, index) => `http://h${index}:1/metrics`)
const phasesOf = (intervalMs: number, options?: Options) => urls.map(url => phaseOf(url, intervalMs, options))

test('phases are those of vmagent, on a grid of 50 ms', t => {
  // Measured: vmagent 1.145 scraped these targets, with an interval of 3 s, at 2838 and 141 ms.
  t.is(phaseOf('http://127.0.0.1:44033/a', 3000), 2800)
  t.is(phaseOf('http://127.0.0.1:44033/b', 3000), 100)
})

test('a short interval has many phases all the same', t => {
  t.true(new Set(phasesOf(200)).size > 10)
})

test('an offset is taken exactly, whatever else is said', t => {
  t.deepEqual(new Set(phasesOf(60_000, { offsetMs: 7001 })), new Set([7001]))
  t.deepEqual(new Set(phasesOf(60_000, { offsetMs: 67_001 })), new Set([7001]))
  t.deepEqual(new Set(phasesOf(60_000, { offsetMs: 0 })), new Set([0]))
  t.deepEqual(new Set(phasesOf(60_000, { offsetMs: 501, alignIntervalMs: 20_000 })), new Set([501]))
})

test('an alignment rounds the phase down to a multiple of it, or of what it shares with the interval', t => {
  t.deepEqual(new Set(phasesOf(60_000, { alignIntervalMs: 30_000 })), new Set([0, 30_000]))
  t.deepEqual(new Set(phasesOf(60_000, { alignIntervalMs: 3_600_000 })), new Set([0]))
  t.true(phasesOf(60_000, { alignIntervalMs: 45_000 }).every(phase => phase % 15_000 === 0))
})

test('members of a cluster scrape the same target at different moments', t => {
  t.notDeepEqual(phasesOf(60_000), phasesOf(60_000, { memberNum: 1 }))
})

test('any phase lies within the interval', t => {
  const input = fc.record({
    url: fc.webUrl(),
    intervalMs: fc.integer({ min: 1, max: 100_000_000 }),
    alignIntervalMs: fc.integer({ min: 0, max: 100_000_000 }),
    offsetMs: fc.option(fc.integer({ min: 0, max: 1_000_000_000 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(input, ({ url, intervalMs, alignIntervalMs, offsetMs }) => {
      const phase = phaseOf(
        url,
        intervalMs,
        offsetMs === undefined ? { alignIntervalMs } : { alignIntervalMs, offsetMs },
      )
      t.true(Number.isInteger(phase) && phase >= 0 && phase < intervalMs)
    }),
  )
})
