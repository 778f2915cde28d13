import { once } from 'node:events'
import type http from 'node:http'
import { Agent, get } from 'node:http'
import net from 'node:net'
import { setTimeout } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { Listener, type ListenerOptions, parseListenAddress } from '../../lib/admin/listener.ts'

const OPTIONS = { ipv6: false, idleTimeoutMs: 60_000, connTimeoutMs: 0, keepAlive: true, onProblem: () => {} }

async function open(
  t: ExecutionContext,
  answer: http.RequestListener = (_, response) => response.end('hello'),
  options: Partial<ListenerOptions> = {},
) {
  const listener = await Listener.open({ address: '127.0.0.1:0' }, { ...OPTIONS, ...options }, answer)
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
    Listener.open({ address }, OPTIONS, () => {}),
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

/** What a server says to bytes that are sent as they are; resolves when it closes the connection. */
async function answerTo(t: ExecutionContext, port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(bytes)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('headers without an end are refused', async t => {
  const { listener } = await open(t)
  const answer = await answerTo(t, listener.port, `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)
  t.regex(answer, /^HTTP\/1\.1 431 .*URL and headers have more than 32768 bytes; give long arguments as a form/s)
})

test('what is no HTTP is told so, and the connection is closed', async t => {
  const { listener } = await open(t)
  t.regex(await answerTo(t, listener.port, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 .*\r\n\r\nnot an HTTP request: /s)
})

test('a client that sends its request drop by drop loses its connection', async t => {
  const { listener } = await open(t)
  const answer = await answerTo(t, listener.port, 'GET / HTTP/1.1\r\nhost: x\r\nx: ')
  t.regex(answer, /^HTTP\/1\.1 408 .*the request did not come in full in time/s)
  t.is(listener.counts().connections, 0)
})

/** How many answers come over one connection before it is closed. */
async function answersOnOne(t: ExecutionContext, options: Partial<ListenerOptions>, pauseMs: number): Promise<number> {
  const { listener } = await open(t, undefined, options)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (let answers = 1; ; answers++) {
    const request = get({ port: listener.port, agent })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    await once(response.resume(), 'end')
    if (response.headers.connection === 'close' || answers === 10) return answers
    await setTimeout(pauseMs)
  }
}

test('a connection is kept, closed after each answer, or closed when it is old', async t => {
  t.is(await answersOnOne(t, {}, 0), 10)
  t.is(await answersOnOne(t, { keepAlive: false }, 0), 1)
  t.is(await answersOnOne(t, { connTimeoutMs: 1 }, 10), 2)
  t.is(await answersOnOne(t, { connTimeoutMs: 60_000 }, 0), 10)
})
