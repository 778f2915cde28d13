import test from 'ava'
import { InvalidLog } from '../../../lib/shard/push/invalid-log.ts'

test('one line in ten seconds is shown, and the others are counted', t => {
  const lines: string[] = []
  let nowMs = 0
  const log = new InvalidLog(
    (_level, message) => lines.push(message),
    () => nowMs,
  )
  log.note('10.0.0.1', 1, () => 'bad{ 1')
  nowMs = 9_999
  log.note('10.0.0.1', 5, () => t.fail('looked for a line that is not shown') as never)
  nowMs = 10_000
  log.note('10.0.0.2', 2, () => `x"${'y'.repeat(1000)}`)
  t.is(lines[0], 'a line that 10.0.0.1 pushed is not valid, and is left out: "bad{ 1"')
  t.is(lines.length, 2)
  t.regex(lines[1]!, /^a line that 10\.0\.0\.2 .*: "x\\"y{198}", one of 7 since the last message of this kind$/)
})
