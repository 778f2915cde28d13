import test from 'ava'
import { Turns } from '../../lib/control/turns.ts'

test('calls during a run share one that begins after it', async t => {
  const runs: PromiseWithResolvers<number>[] = []
  const turns = new Turns(() => {
    const run = Promise.withResolvers<number>()
    runs.push(run)
    return run.promise
  })
  const begun = (count: number) =>
    new Promise<void>(resolve => setImmediate(resolve)).then(() => t.is(runs.length, count))
  const first = turns.next()
  await begun(1)
  const [second, third] = [turns.next(), turns.next()]
  await begun(1)
  runs[0]!.resolve(1)
  t.is(await first, 1)
  await begun(2)
  const fourth = turns.next()
  await begun(2)
  runs[1]!.reject(new Error('second'))
  await t.throwsAsync(second, { message: 'second' })
  await t.throwsAsync(third, { message: 'second' })
  await begun(3)
  runs[2]!.resolve(3)
  t.is(await fourth, 3)
  await turns.idle()
  await begun(3)
})
