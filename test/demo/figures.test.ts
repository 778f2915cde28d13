import test, { type ExecutionContext } from 'ava'
import { FigureTaker } from '../../lib/demo/figures.ts'
import { Receiver } from '../../lib/demo/receiver.ts'
import { FakeView, makeDestination, makeShard } from '../admin/fake-view.ts'
import { bodyOf } from './remote-write.ts'

async function takerOf(t: ExecutionContext) {
  const view = new FakeView()
  const receiver = await Receiver.start([])
  t.teardown(() => receiver.close())
  return { view, receiver, taker: new FigureTaker(view, receiver) }
}

test('counters are added up over the shards', async t => {
  const { view, taker } = await takerOf(t)
  view.shardList = [
    makeShard(0, { targets: 3, targetsUp: 2, samplesScraped: 100, samplesPublished: 110, stencilHits: 9 }),
    makeShard(1, { targets: 2, targetsUp: 2, samplesScraped: 50, samplesPublished: 60, stencilMisses: 1 }),
  ]
  const figures = taker.take()
  t.is(figures.targets, 5)
  t.is(figures.targetsUp, 4)
  t.is(figures.scraped.total, 150)
  t.is(figures.published, 170)
  t.is(figures.stencilHits, 9)
  t.is(figures.stencilMisses, 1)
  t.deepEqual(
    figures.shards.map(({ shard, targets, ringUsedBytes }) => [shard, targets, ringUsedBytes]),
    [
      [0, 3, 64],
      [1, 2, 128],
    ],
  )
})

test('what is delivered is what the receiver has seen', async t => {
  const { view, receiver, taker } = await takerOf(t)
  view.destinations = [makeDestination('1:secret-url', { samplesSent: 4, bytesSent: 100 })]
  const body = bodyOf({ __name__: 'm' }, 1, 2)
  await fetch(receiver.url, {
    method: 'POST',
    headers: { 'Content-Encoding': 'snappy' },
    body: body as Uint8Array<ArrayBuffer>,
  })
  const figures = taker.take()
  t.is(figures.delivered.total, 2)
  t.is(figures.receivedSeries, 1)
  t.is(figures.bytesPerSample, 25)
})

test('rates are those of the time between two looks', async t => {
  const { view, taker } = await takerOf(t)
  const first = taker.take()
  t.is(first.scraped.perSecond, 0)
  t.is(first.bytesPerSample, Number.NaN)
  view.shardList[0]!.counters.add('samplesScraped', 1000)
  const second = taker.take()
  t.true(second.seconds > first.seconds)
  const expected = 1000 / second.seconds
  t.true(Math.abs(second.scraped.perSecond - expected) < 1e-6 * expected)
})

test('accounts of all threads are added up, and the rest of the memory is unaccounted', async t => {
  const { view, taker } = await takerOf(t)
  view.shardList = [
    makeShard(0, { accountTargetBlocksBytes: 1000, accountKernelBytes: 10 }),
    makeShard(1, { accountTargetBlocksBytes: 500 }),
  ]
  const { accounts, residentBytes, unaccountedBytes } = taker.take().memory
  const bytesOf = (account: string) => accounts.find(({ name }) => name === account)?.bytes
  t.is(bytesOf('blocks'), 1500)
  t.is(bytesOf('kernel'), 10)
  const accounted = accounts.reduce((total, { bytes }) => total + bytes, 0)
  t.is(residentBytes - accounted, unaccountedBytes)
  t.true(residentBytes > 0)
})
