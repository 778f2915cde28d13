import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { Limiter } from '../../lib/control/limiter.ts'

test('so many tasks run at a time, and all of them in their order', async t => {
  const limiter = new Limiter(2)
  const started: number[] = []
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
  const runs = ends.map(({ promise }, task) =>
    limiter.run(async () => {
      started.push(task)
      await promise
      return task
    }),
  )
  await setImmediate()
  t.deepEqual(started, [0, 1])
  ends[1]!.resolve()
  await runs[1]
  await setImmediate()
  t.deepEqual(started, [0, 1, 2])
  for (const { resolve } of ends) resolve()
  t.deepEqual(await Promise.all(runs), [0, 1, 2, 3, 4])
  t.is(await limiter.run(async () => 'again'), 'again')
})

test('a task that fails makes room for the next', async t => {
  const limiter = new Limiter(1)
  const failing = limiter.run(() => Promise.reject(new Error('no')))
  const next = limiter.run(async () => 'yes')
  await t.throwsAsync(failing, { message: 'no' })
  t.is(await next, 'yes')
})
