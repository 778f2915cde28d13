import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import fc from 'fast-check'
import { Client } from 'undici'
import type { AnswerHandler } from '../../lib/shard/exchange.ts'
import { FetchMemory } from '../../lib/shard/fetch-memory.ts'
import { HttpExchange } from '../../lib/shard/http-exchange.ts'
import { TargetBody, TargetConnection, TargetTimeout } from '../../lib/shard/target-errors.ts'
import { PenstockError } from '../../shared/errors.ts'
import { closeOf, fetching, reset, serve, serveRaw } from '../support/fetching.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n'

/** A server that gives the answers one by one and tells how many connections that took. */
async function script(t: ExecutionContext, answers: readonly string[]) {
  const sockets: Socket[] = []
  const origin = await serveRaw(t, (socket, turn) => {
    if (!sockets.includes(socket)) sockets.push(socket)
    socket.write(answers[turn]!, 'latin1')
  })
  return { target: fetching(t, origin), sockets }
}

test('bytes behind an answer are never taken for the next one', async t => {
  const wrong = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nwrong\n'
  for (const answer of [OK, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup 1\n\r\n0\r\n\r\n']) {
    const { target, sockets } = await script(t, [answer + wrong, `${answer}\r\n`, answer, answer])
    for (let i = 0; i < 4; i++) t.is(await target.text(), 'up 1\n')
    t.is(sockets.length, 3)
  }
})

test('a connection on which something comes unasked is closed', async t => {
  const { target, sockets } = await script(t, [OK, OK])
  await target.text()
  const closed = closeOf(sockets[0]!)
  sockets[0]!.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nwrong\n')
  await closed
  t.is(await target.text(), 'up 1\n')
  t.is(sockets.length, 2)
})

const KEPT: [head: string, connections: number][] = [
  ['HTTP/1.1 200 OK\r\nConnection: close', 3],
  ['HTTP/1.0 200 OK', 3],
  ['HTTP/1.0 200 OK\r\nConnection: keep-alive', 1],
  ['HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=600', 1],
  ['HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1', 3],
]
for (const [head, connections] of KEPT) {
  test(`three fetches take ${connections} connections if the server says ${JSON.stringify(head)}`, async t => {
    const answer = `${head}\r\nContent-Length: 5\r\n\r\nup 1\n`
    const { target, sockets } = await script(t, [answer, answer, answer])
    for (let i = 0; i < 3; i++) t.is(await target.text(), 'up 1\n')
    t.is(sockets.length, connections)
  })
}

test('a body that lasts until the connection ends is whole if that ends well, and none if it is reset', async t => {
  const origin = await serveRaw(t, (socket, turn) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\nup 1\n')
    setTimeout(() => (turn === 1 ? reset(socket) : socket.end()), 30)
  })
  const target = fetching(t, origin)
  t.is(await target.text(), 'up 1\n')
  t.true((await target.attempt()) instanceof TargetBody)
  t.is(await target.text(), 'up 1\n')
})

test('a request is not sent again once a part of the answer has come', async t => {
  let requests = 0
  const origin = await serveRaw(t, (socket, turn) => {
    requests++
    if (turn === 0) socket.write(OK)
    else socket.end('HTTP/1.1 ')
  })
  const target = fetching(t, origin)
  await target.text()
  t.true((await target.attempt()) instanceof TargetConnection)
  t.is(requests, 2)
})

test('names are looked up', async t => {
  const origin = await serve(t, (request, response) => response.end(request.headers.host))
  const port = new URL(origin).port
  t.is(await fetching(t, `http://localhost:${port}/metrics`).text(), `localhost:${port}`)
})

test('a name that does not exist fails', async t => {
  const error = (await fetching(t, 'http://nowhere.invalid/metrics').attempt()) as TargetConnection
  t.true(error instanceof TargetConnection)
  t.regex(error.message, /nowhere\.invalid/)
})

const hasIpv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'))
const testIpv6 = hasIpv6 ? test : test.skip
testIpv6('a host may be an IPv6 address', async t => {
  const origin = await serve(t, (request, response) => response.end(request.headers.host), 'http', '::1')
  const port = origin.slice(origin.lastIndexOf(':') + 1)
  t.is(await fetching(t, `http://[::1]:${port}/metrics`).text(), `[::1]:${port}`)
})

test('timeoutMs covers a connection that is not accepted', async t => {
  // A listener that never gets to accept anything; the kernel takes two connections on its behalf, and no more.
  const blocked = new Int32Array(new SharedArrayBuffer(4))
  const code = `const { workerData, parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      setTimeout(() => Atomics.wait(workerData, 0, 0), 10)
    })`
  const worker = new Worker(code, { eval: true, workerData: blocked })
  t.teardown(async () => {
    Atomics.store(blocked, 0, 1)
    Atomics.notify(blocked, 0)
    await worker.terminate()
  })
  const port = await new Promise<number>(resolve => worker.once('message', resolve))
  await new Promise(resolve => setTimeout(resolve, 100))
  const errors = await Promise.all(
    Array.from({ length: 6 }, () => fetching(t, `http://127.0.0.1:${port}/`, { timeoutMs: 300 }).attempt()),
  )
  for (const error of errors) t.true(error instanceof TargetTimeout, String(error))
})

test('other headers and another path make another request', async t => {
  const requests: string[] = []
  const origin = await serve(t, (request, response) => {
    requests.push(`${request.url} ${request.headers.authorization}`)
    response.end()
  })
  const exchange = new HttpExchange(new URL(origin).host, true, new FetchMemory())
  t.teardown(() => exchange.close())
  const send = (path: string, headers: string[]) =>
    new Promise<void>((resolve, reject) => {
      const handler: AnswerHandler = { onHead() {}, onBody() {}, onEnd: resolve, onError: reject }
      exchange.send(path, headers, handler)
    })
  const old = ['Authorization', 'old']
  await send('/a', old)
  await send('/b', old)
  await send('/b', ['Authorization', 'new'])
  await t.throwsAsync(send('/b', ['Bad\n', 'x']), { any: true })
  await send('/b', old)
  t.deepEqual(requests, ['/a old', '/b old', '/b new', '/b old'])
})

/** Answers that everybody understands alike, or nobody. */
const ANSWERS: Record<string, string> = {
  sized: OK,
  empty: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nup \r\n2\r\n1\n\r\n0\r\n\r\n',
  'chunked with extensions and trailers':
    'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nTrailer: A\r\n\r\n3;a=b\r\nup \r\n02\r\n1\n\r\n0;c\r\nA: b\r\n\r\n',
  'until close': 'HTTP/1.1 200 OK\r\n\r\nup 1\n',
  'of HTTP/1.0': 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nup 1\n',
  'after interim ones': `HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 103 Early\r\n\r\n${OK}`,
  'without reason': 'HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nup 1\n',
  'in bytes above ASCII': 'HTTP/1.1 200 \xe9\r\nX: \xe9\r\nContent-Length: 2\r\n\r\n\xe9\xff',
  'cut in the head': 'HTTP/1.1 200 OK\r\nContent-Le',
  'cut in the body': 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nup 1\n',
  'cut in a chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup',
  'without last chunk': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nup\r\n',
  'with two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nup 1\n\n',
  'with a negative length': 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nup 1\n',
  'with a blank before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nup 1\n',
  'with a bad chunk size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nup\r\n0\r\n\r\n',
  'with a chunk longer than its size': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nup\r\n0\r\n\r\n',
  'of another protocol': 'SSH-2.0-OpenSSH_9.9\r\n',
  'without anything': '',
}
for (const [title, answer] of Object.entries(ANSWERS)) {
  test(`an answer ${title} means what it means to undici`, async t => {
    const origin = await serveRaw(t, socket => socket.end(answer, 'latin1'))
    const client = new Client(origin)
    t.teardown(() => client.destroy())
    const theirs = await client
      .request({ method: 'GET', path: '/' })
      .then(async ({ body }) => Buffer.from(await body.arrayBuffer()))
      .catch(() => 'failure')
    const ours = await fetching(t, origin).attempt()
    t.deepEqual(Buffer.isBuffer(ours) ? ours : 'failure', theirs)
  })
}

test('a server that sends anything makes a fetch fail or not, and does no harm to the next', async t => {
  const start = fc.constantFrom('', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 })
  let answer: (socket: Socket) => void = () => {}
  const origin = await serveRaw(t, socket => answer(socket))
  const target = fetching(t, origin)
  const property = fc.asyncProperty(start, parts, fc.boolean(), async (text, garbage, isReset) => {
    answer = socket => {
      socket.write(text)
      for (const bytes of garbage) socket.write(bytes)
      if (isReset) setTimeout(reset, 1, socket)
      else socket.end()
    }
    const outcome = await target.attempt()
    t.true(Buffer.isBuffer(outcome) || outcome instanceof PenstockError)
    answer = socket => socket.write(OK)
    t.is(await target.text(), 'up 1\n')
  })
  await fc.assert(property, { numRuns: 150 })
})
