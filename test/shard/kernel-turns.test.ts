import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { KernelTurns } from '../../lib/shard/kernel-turns.ts'

/** A job that says when it begins, and ends when it is told to. */
function jobs() {
  const begun: string[] = []
  const ends = new Map<string, PromiseWithResolvers<void>>()
  const job = (name: string) => {
    ends.set(name, Promise.withResolvers<void>())
    return () => {
      begun.push(name)
      return ends.get(name)!.promise
    }
  }
  return { begun, job, end: (name: string) => ends.get(name)!.resolve(), ends }
}

test('jobs run one at a time, in the order in which they came', async t => {
  const turns = new KernelTurns()
  const { begun, job, end } = jobs()
  await turns.idle()
  turns.add(job('a'))
  const b = turns.take(job('b')).done
  turns.add(job('c'))
  await setImmediate()
  t.deepEqual(begun, ['a'])
  end('a')
  await setImmediate()
  t.deepEqual(begun, ['a', 'b'])
  end('b')
  await b
  end('c')
  await turns.idle()
  t.deepEqual(begun, ['a', 'b', 'c'])
})

test('whoever waits for a job gets its error, and the next one runs', async t => {
  const turns = new KernelTurns()
  const { begun, job, end, ends } = jobs()
  const failing = turns.take(job('fails')).done
  turns.add(job('next'))
  ends.get('fails')!.reject(new Error('no'))
  await t.throwsAsync(failing, { message: 'no' })
  end('next')
  await turns.idle()
  t.deepEqual(begun, ['fails', 'next'])
})

test('a job that has not begun can be taken back, one that has runs to its end', async t => {
  const turns = new KernelTurns()
  const { begun, job, end } = jobs()
  const runs = turns.take(job('runs'))
  const waits = turns.take(job('waits'))
  const last = turns.take(job('last'))
  await setImmediate()
  waits.takeBack(new Error('not any more'))
  await t.throwsAsync(waits.done, { message: 'not any more' })
  waits.takeBack(new Error('again'))
  runs.takeBack(new Error('too late'))
  end('runs')
  end('last')
  await runs.done
  await last.done
  t.deepEqual(begun, ['runs', 'last'])
})
