import type http from 'node:http'
import net from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Listener, parseListenAddress } from '../../lib/admin/listener.ts'

const OPTIONS = { ipv6: false, idleTimeoutMs: 60_000, onAcceptError: () => {} }

async function open(t: ExecutionContext, answer: http.RequestListener = (_, response) => response.end('hello')) {
  const listener = await Listener.open('127.0.0.1:0', OPTIONS, answer)
  let closed: Promise<void> | undefined
  const close = (graceMs: number) => (closed ??= listener.close(graceMs))
  t.teardown(() => close(0))
  return { listener, close }
}

for (const [address, ipv6, host, port] of [
  [':8429', false, '0.0.0.0', 8429],
  [':8429', true, '::', 8429],
  ['127.0.0.1:80', false, '127.0.0.1', 80],
  ['localhost:0', false, 'localhost', 0],
  ['[::1]:8429', true, '::1', 8429],
] as const) {
  test(`${address} ${ipv6 ? 'with' : 'without'} IPv6 means port ${port} of ${host}`, t => {
    t.deepEqual(parseListenAddress(address, ipv6), { host, port })
  })
}

for (const address of ['', '8429', 'localhost', '127.0.0.1:', ':http', ':65536', '::1:8429', 'http://a:1']) {
  test(`${JSON.stringify(address)} is not an address`, t => {
    t.throws(() => parseListenAddress(address, true), { code: 'FLAG_INVALID', message: /-httpListenAddr/ })
  })
}

test('an address that is taken is told with its name', async t => {
  const { listener } = await open(t)
  const address = `127.0.0.1:${listener.port}`
  await t.throwsAsync(
    Listener.open(address, OPTIONS, () => {}),
    { code: 'FLAG_INVALID', message: new RegExp(address) },
  )
})

test('connections and bytes are counted while they are open and after', async t => {
  const { listener, close } = await open(t)
  const response = await fetch(`http://127.0.0.1:${listener.port}/`)
  t.is(await response.text(), 'hello')
  const { accepted, readBytes, writtenBytes } = listener.counts()
  t.is(accepted, 1)
  t.true(readBytes > 20 && writtenBytes > 20)
  await close(1000)
  const after = listener.counts()
  t.is(after.connections, 0)
  t.true(after.readBytes >= readBytes && after.writtenBytes >= writtenBytes)
})

test('closing cuts a request that does not end in time', async t => {
  const arrived = Promise.withResolvers<void>()
  const { listener, close } = await open(t, () => arrived.resolve())
  const answer = t.throwsAsync(fetch(`http://127.0.0.1:${listener.port}/`))
  await arrived.promise
  await close(10)
  await answer
})

test('headers without an end are refused', async t => {
  const { listener } = await open(t)
  const socket = net.connect(listener.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  t.true(Buffer.concat(chunks).toString().startsWith('HTTP/1.1 431 '))
})
