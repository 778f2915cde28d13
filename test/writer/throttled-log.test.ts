import test from 'ava'
import { ThrottledLog } from '../../lib/writer/throttled-log.ts'
import { TestClock } from './support.ts'

test('a reason is told once a minute, with the number of lines that were kept back', async t => {
  const clock = new TestClock()
  const { signal } = new AbortController()
  const lines: string[] = []
  const log = new ThrottledLog((level, message) => lines.push(`${level} ${message}`), clock)
  log.log('a', 'warn', 'a 1')
  log.log('a', 'warn', 'a 2')
  log.log('b', 'error', 'b 1')
  await clock.sleep(59_999, signal)
  log.log('a', 'warn', 'a 3')
  t.deepEqual(lines, ['warn a 1', 'error b 1'])
  await clock.sleep(1, signal)
  log.log('a', 'warn', 'a 4')
  log.log('b', 'error', 'b 2')
  t.deepEqual(lines.slice(2), ['warn a 4 (and 2 times more since)', 'error b 2'])
})
