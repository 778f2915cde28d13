import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { createDoorbell, Doorbell } from '../../shared/doorbell.ts'

const LONG_MS = 60_000

test('a ring ends the sleep', async t => {
  const memory = createDoorbell()
  const sleep = new Doorbell(memory).rung(LONG_MS)
  new Doorbell(memory).ring()
  await sleep
  t.pass()
})

test('a ring between two sleeps ends the second at once', async t => {
  const memory = createDoorbell()
  const sleeper = new Doorbell(memory)
  const ringer = new Doorbell(memory)
  ringer.ring()
  await sleeper.rung(LONG_MS)
  ringer.ring()
  ringer.ring()
  await sleeper.rung(LONG_MS)
  t.pass()
})

test('what was rung before is heard once', async t => {
  const memory = createDoorbell()
  const sleeper = new Doorbell(memory)
  new Doorbell(memory).ring()
  await sleeper.rung(LONG_MS)
  let woken = false
  const sleep = sleeper.rung(LONG_MS).then(() => {
    woken = true
  })
  await new Promise(resolve => setTimeout(resolve, 20))
  t.false(woken)
  sleeper.ring()
  await sleep
})

test('a sleep without a ring ends after its time', async t => {
  const bell = new Doorbell(createDoorbell())
  const alive = setInterval(() => {}, 1000) // as any event loop that has other work
  t.teardown(() => clearInterval(alive))
  await bell.rung(5)
  await bell.rung(5)
  t.pass()
})

test('every sleeper on a bell is woken', async t => {
  const memory = createDoorbell()
  const sleeps = [new Doorbell(memory).rung(LONG_MS), new Doorbell(memory).rung(LONG_MS)]
  new Doorbell(memory).ring()
  await Promise.all(sleeps)
  t.pass()
})

test('an urgent sleep goes on through common rings, which the next common sleep hears at once', async t => {
  const memory = createDoorbell()
  const sleeper = new Doorbell(memory)
  const ringer = new Doorbell(memory)
  let woken = false
  const sleep = sleeper.rungUrgently(LONG_MS).then(() => {
    woken = true
  })
  ringer.ring()
  await new Promise(resolve => setTimeout(resolve, 20))
  t.false(woken)
  ringer.ringUrgently()
  await sleep
  await sleeper.rung(LONG_MS)
  t.true(woken)
})

test('an urgent ring ends a common sleep too', async t => {
  const memory = createDoorbell()
  const sleep = new Doorbell(memory).rung(LONG_MS)
  new Doorbell(memory).ringUrgently()
  await sleep
  t.pass()
})

const sleeperSource = `
  import { workerData } from 'node:worker_threads'
  const { Doorbell } = await import(workerData.module)
  new Doorbell(workerData.memory).rung(workerData.timeoutMs)
`

for (const timeoutMs of [LONG_MS, Number.POSITIVE_INFINITY]) {
  test(`a pending sleep of ${timeoutMs} ms does not keep a finished thread alive`, async t => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(sleeperSource)}`), {
      workerData: {
        module: new URL('../../shared/doorbell.ts', import.meta.url).href,
        memory: createDoorbell(),
        timeoutMs,
      },
    })
    t.teardown(() => worker.terminate())
    const [exitCode] = await once(worker, 'exit')
    t.is(exitCode, 0)
  })
}

test('a thread that died asleep leaves no waiter behind', async t => {
  const memory = createDoorbell()
  const worker = new Worker(
    new URL(
      `data:text/javascript,${encodeURIComponent(`${sleeperSource}\nsetInterval(() => {}, 1000)\npostAsleep()`)}`,
    ),
    {
      workerData: { module: new URL('../../shared/doorbell.ts', import.meta.url).href, memory, timeoutMs: LONG_MS },
    },
  )
  const [error] = (await once(worker, 'error')) as [Error] // postAsleep is not defined: the thread dies asleep
  t.is(error.name, 'ReferenceError')
  await once(worker, 'exit').catch(() => {})
  t.is(Atomics.notify(new Int32Array(memory), 0), 0)
})
