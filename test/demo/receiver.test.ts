import test, { type ExecutionContext } from 'ava'
import { compressSync } from 'snappy'
import { Receiver } from '../../lib/demo/receiver.ts'
import { bodyOf } from './remote-write.ts'

async function startReceiver(t: ExecutionContext, metrics: readonly string[] = []): Promise<Receiver> {
  const receiver = await Receiver.start(metrics)
  t.teardown(() => receiver.close())
  return receiver
}

async function post(receiver: Receiver, body: Uint8Array, encoding = 'snappy'): Promise<Response> {
  const headers = { 'Content-Encoding': encoding }
  return fetch(receiver.url, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> })
}

test('samples are counted and acknowledged', async t => {
  const receiver = await startReceiver(t)
  const first = bodyOf({ __name__: 'm', a: '1' }, 1, 2)
  const second = bodyOf({ __name__: 'm', a: '2' }, 3)
  t.is((await post(receiver, first)).status, 204)
  t.is((await post(receiver, second)).status, 204)
  const bodyBytes = first.length + second.length
  t.deepEqual(receiver.received(), { requests: 2, bodyBytes, samples: 3, staleMarkers: 0, refused: 0 })
  t.is(receiver.recentSeries(), 2)
})

test('the latest sample of a watched metric is kept with its labels', async t => {
  const receiver = await startReceiver(t, ['m', 'absent'])
  await post(receiver, bodyOf({ __name__: 'other' }, 7))
  await post(receiver, bodyOf({ __name__: 'm', a: '1' }, 1))
  await post(receiver, bodyOf({ __name__: 'm', a: '2' }, 2))
  await post(receiver, bodyOf({ __name__: 'm', a: '1' }, 3))
  const labels = [
    ['__name__', 'm'],
    ['a', '1'],
  ]
  t.deepEqual(receiver.watched(), [{ labels, value: 3 }] as never)
})

test('a body that cannot be read is refused with the reason', async t => {
  const receiver = await startReceiver(t)
  const noSnappy = await post(receiver, Uint8Array.of(5, 0, 97))
  t.is(noSnappy.status, 400)
  t.regex(await noSnappy.text(), /at byte \d+/)
  t.is((await post(receiver, compressSync(Buffer.from([0x0a, 0xff])))).status, 400, 'no protobuf')
  t.is(receiver.received().refused, 2)
  t.is(receiver.received().samples, 0)
})

test('a body that is too large is refused', async t => {
  const receiver = await startReceiver(t)
  const answer = post(receiver, new Uint8Array(9 * 1024 * 1024))
  // Either the answer comes through, or the connection ends while the rest is on its way.
  t.is(await answer.then(({ status }) => status).catch(() => 400), 400)
  t.is(receiver.received().refused, 1)
})

test('a sender of another compression is told to use snappy', async t => {
  const receiver = await startReceiver(t)
  t.is((await post(receiver, bodyOf({ __name__: 'm' }, 1), 'zstd')).status, 415)
  t.is(receiver.received().samples, 0)
})
