import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Connection } from '../../lib/writer/connection.ts'

const HEAD = 'POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n'
const BODY = Buffer.from('x')

/** A server that answers everything in one way, a connection to it, and a clock that stands. */
async function rig(t: ExecutionContext, answer: string) {
  const accepted: Socket[] = []
  const server = createServer(socket => {
    accepted.push(socket)
    socket.on('data', () => socket.write(answer))
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const clock = { nowMs: 1e6 }
  const readBuffer = Buffer.alloc(7) // so that answers come in pieces
  const connection = new Connection(
    onread => connect({ host: '127.0.0.1', port, onread }),
    readBuffer,
    () => clock.nowMs,
  )
  t.teardown(() => {
    connection.close()
    server.close()
  })
  return { connection, clock, accepted }
}

for (const { announced, keptMs } of [
  { announced: '', keptMs: 90_000 },
  { announced: 'Keep-Alive: timeout=20\r\n', keptMs: 19_000 },
  { announced: 'Keep-Alive: timeout=600\r\n', keptMs: 90_000 },
]) {
  test(`with ${JSON.stringify(announced)} a connection is used if it was idle for less than ${keptMs} ms`, async t => {
    const { connection, clock, accepted } = await rig(t, `HTTP/1.1 204 Fine\r\n${announced}\r\n`)
    const send = () => connection.send(HEAD, BODY, 10_000)
    t.like(await send(), { type: 'answered', status: 204 })
    clock.nowMs += keptMs - 1
    t.like(await send(), { type: 'answered', status: 204 })
    t.is(accepted.length, 1)
    clock.nowMs += keptMs
    t.like(await send(), { type: 'answered', status: 204 })
    t.is(accepted.length, 2)
  })
}

test('a second request while one is under way is a bug', async t => {
  const { connection } = await rig(t, 'HTTP/1.1 204 Fine\r\n\r\n')
  const first = connection.send(HEAD, BODY, 10_000)
  t.throws(() => connection.send(HEAD, BODY, 10_000), { name: 'AssertionError' })
  t.like(await first, { type: 'answered' })
})

test('a socket that cannot be opened is an outcome', async t => {
  const fail = () => {
    throw new Error('no certificate')
  }
  const connection = new Connection(fail, Buffer.alloc(64))
  t.like(await connection.send(HEAD, BODY, 10_000), { type: 'unanswered', wasStale: false })
})
