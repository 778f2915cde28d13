import test from 'ava'
import { FailureLog, type FailureLogOptions } from '../../lib/shard/failure-log.ts'
import { TargetStatus } from '../../lib/shard/target-errors.ts'
import type { TargetState } from '../../lib/shard/target-state.ts'

/** Scrapes every second, one for each character: `x` fails, others succeed. Gives the log with the second of each line. */
function play(options: Partial<FailureLogOptions>, outcomes: string): string[] {
  const lines: string[] = []
  const target = { spec: { url: 'http://a/metrics' }, up: false, scrapes: 0, dueMs: 0 } as unknown as TargetState
  const log = new FailureLog(
    { suppressScrapeErrors: false, suppressScrapeErrorsDelayMs: 0, ...options },
    (level, message) => lines.push(`${target.scrapes} ${level} ${message}`),
  )
  for (const outcome of outcomes) {
    target.dueMs = 1_700_000_000_000 + target.scrapes * 1000
    if (outcome === 'x') log.failed(target, new TargetStatus(target.spec.url, 500))
    else log.succeeded(target)
    target.up = outcome !== 'x'
    target.scrapes++
  }
  return lines
}

const LINE = 'warn cannot scrape http://a/metrics: http://a/metrics answered with status 500, 200 is expected'

test('a target that goes down is logged once, until it is up again', t => {
  t.deepEqual(play({}, 'xxx..xx.x'), [`0 ${LINE}`, `5 ${LINE}`, `8 ${LINE}`])
  t.deepEqual(play({}, '...'), [])
})

test('suppressed errors are not logged', t => {
  t.deepEqual(play({ suppressScrapeErrors: true }, 'xx.x'), [])
  t.deepEqual(play({ suppressScrapeErrors: true, suppressScrapeErrorsDelayMs: 1000 }, 'xx.x'), [])
})

test('with a delay, a line tells how many scrapes have failed since the first that no line has told of', t => {
  const delayed = { suppressScrapeErrorsDelayMs: 3000 }
  t.deepEqual(play(delayed, 'xxx'), [])
  t.deepEqual(play(delayed, 'xxxxxxxx'), [
    `3 ${LINE}; 4 of 4 scrapes have failed of late`,
    `6 ${LINE}; 3 of 3 scrapes have failed of late`,
  ])
  t.deepEqual(play(delayed, '..x.x....x'), [`9 ${LINE}; 3 of 8 scrapes have failed of late`])
})
