import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import snappy from 'snappy'
import { Remote } from '../../lib/writer/remote.ts'
import type { DestinationSpec } from '../../shared/protocol.ts'
import { Sink } from './sink.ts'
import { destinationSpec } from './support.ts'

const body = snappy.compressSync('samples')
/** More than the buffers of any connection take. */
const HUGE = Buffer.alloc(48 * 2 ** 20)
const OVERWRITTEN = 'overwritten'

function remoteTo(t: ExecutionContext, url: string, given: Partial<DestinationSpec> = {}): Remote {
  const remote = new Remote(destinationSpec(url, given))
  t.teardown(() => remote.close())
  return remote
}

/** A TCP server that is no HTTP server. */
async function rawServer(t: ExecutionContext, onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('a request carries the headers of remote write 1.0, and the query string of the URL', async t => {
  const sink = await Sink.open(t)
  const remote = remoteTo(t, `${sink.url}?x=1&y=a%20b`)
  t.like(await remote.send(0, body), { type: 'answered', status: 204 })
  const { path, headers, text } = sink.requests[0]!
  t.is(path, '/api/v1/write?x=1&y=a%20b')
  t.is(text, 'samples')
  t.like(headers, {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
    'user-agent': 'vmagent',
    'content-length': String(body.length),
  })
  t.is(headers.authorization, undefined)
})

test('a lane keeps its connection from one request to the next', async t => {
  const sink = await Sink.open(t)
  const remote = remoteTo(t, sink.url, { queues: 3 })
  for (let n = 0; n < 6; n++) await remote.send(n % 2, body)
  t.is(sink.connections, 2)
  t.is(new Set(sink.requests.map(request => request.port)).size, 2)
})

test('headers of the user are sent, the last of a name, and never instead of those of the protocol', async t => {
  const sink = await Sink.open(t)
  const headers = [
    ['X-One', '1'],
    ['x-one', 'two words'],
    ['Content-Encoding', 'zstd'],
    ['Authorization', 'Custom abc'],
  ] as const
  await remoteTo(t, sink.url, { http: { headers } }).send(0, body)
  t.is(sink.requests[0]!.headers['x-one'], 'two words')
  t.is(sink.requests[0]!.headers['content-encoding'], 'snappy')
  t.is(sink.requests[0]!.headers.authorization, 'Custom abc')
  const auth = { type: 'authorization', scheme: 'Bearer', credentials: { value: 'tok' } } as const
  await remoteTo(t, sink.url, { http: { headers, auth } }).send(0, body)
  t.is(sink.requests[1]!.headers.authorization, 'Bearer tok')
})

test('headers that say where the body ends are left out, and Host may be given', async t => {
  const sink = await Sink.open(t)
  const headers = [
    ['Content-Length', '1'],
    ['transfer-encoding', 'chunked'],
    ['Trailer', 'X-Sum'],
    ['Expect', '100-continue'],
    ['Connection', 'close'],
    ['Host', 'metrics.test'],
  ] as const
  await remoteTo(t, sink.url, { http: { headers } }).send(0, body)
  const seen = sink.requests[0]!.headers
  t.is(seen['content-length'], String(body.length))
  t.is(seen.host, 'metrics.test')
  for (const name of ['transfer-encoding', 'trailer', 'expect', 'connection']) t.is(seen[name], undefined)
  await remoteTo(t, sink.url).send(0, body)
  t.is(sink.requests[1]!.headers.host, new URL(sink.url).host)
})

test('basic authentication comes from the options, else from the headers, else from the URL', async t => {
  const sink = await Sink.open(t)
  const auth = { type: 'basic', username: { value: 'user' }, password: { value: 'p:w' } } as const
  await remoteTo(t, sink.url, { http: { headers: [], auth } }).send(0, body)
  const urlWithUser = sink.url.replace('://', '://u:p%40@')
  await remoteTo(t, urlWithUser, { http: { headers: [['authorization', 'Custom abc']] } }).send(0, body)
  await remoteTo(t, urlWithUser).send(0, body)
  t.deepEqual(
    sink.requests.map(request => request.headers.authorization),
    ['Basic dXNlcjpwOnc=', 'Custom abc', `Basic ${Buffer.from('u:p@').toString('base64')}`],
  )
})

test('a secret that cannot be read is an outcome, not an exception', async t => {
  const sink = await Sink.open(t)
  const auth = { type: 'authorization', scheme: 'Bearer', credentials: { file: '/nonexistent/token' } } as const
  const outcome = await remoteTo(t, sink.url, { http: { headers: [], auth } }).send(0, body)
  t.true(outcome.type === 'unanswered' && outcome.error.message.includes('/nonexistent/token'))
  t.is(sink.requests.length, 0)
})

test('status, Retry-After and the beginning of the body are kept', async t => {
  const sink = await Sink.open(t, () => ({
    status: 503,
    headers: { 'Retry-After': '7' },
    body: ` busy ${'x'.repeat(5000)}`,
  }))
  const outcome = await remoteTo(t, sink.url).send(0, body)
  t.deepEqual(outcome, { type: 'answered', status: 503, retryAfter: '7', excerpt: `busy ${'x'.repeat(250)}` })
})

test('an answer without end is cut off and its status counts', async t => {
  const url = await rawServer(t, socket => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
      socket.write(Buffer.alloc(200_000, 'x'))
    })
  })
  t.like(await remoteTo(t, url).send(0, body), { type: 'answered', status: 200 })
})

test('a refusal that comes before the body is read counts, even if the connection breaks meanwhile', async t => {
  const refusal = 'HTTP/1.1 413 Content Too Large\r\nRetry-After: 9\r\nContent-Length: 6\r\n\r\ntoo big'
  for (const text of [refusal, refusal.slice(0, -3)]) {
    const url = await rawServer(t, socket => {
      socket.once('data', () => {
        socket.pause()
        socket.write(text, () => socket.resetAndDestroy())
      })
    })
    t.like(await remoteTo(t, url).send(0, HUGE), { type: 'answered', status: 413, retryAfter: '9' })
  }
})

test('nothing of a body is sent any more once its request is answered', async t => {
  const seen = Promise.withResolvers<boolean>()
  const answered = Promise.withResolvers<void>()
  const url = await rawServer(t, socket => {
    socket.once('data', async () => {
      socket.pause()
      socket.write('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n')
      await answered.promise
      let hasOverwritten = false
      socket.on('data', chunk => {
        if (chunk.includes(OVERWRITTEN)) hasOverwritten = true
      })
      socket.once('close', () => seen.resolve(hasOverwritten))
      socket.resume()
    })
  })
  const block = Buffer.alloc(HUGE.length)
  t.like(await remoteTo(t, url).send(0, block), { type: 'answered', status: 413 })
  block.fill(OVERWRITTEN)
  answered.resolve()
  t.false(await seen.promise)
})

test('after a server has closed the idle connection, the next request goes over a new one', async t => {
  let connections = 0
  let closed = Promise.withResolvers<void>()
  const url = await rawServer(t, socket => {
    connections++
    socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'))
    socket.once('close', () => closed.resolve())
  })
  const remote = remoteTo(t, url)
  for (let n = 1; n <= 3; n++) {
    t.like(await remote.send(0, body), { type: 'answered', status: 204 })
    t.is(connections, n)
    await closed.promise
    closed = Promise.withResolvers<void>()
  }
})

test('a loss of the connection is known as stale if the connection was kept from the request before', async t => {
  let requests = 0
  const url = await rawServer(t, socket => {
    socket.on('data', () => {
      if (requests++ === 0) socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      else socket.resetAndDestroy()
    })
  })
  const remote = remoteTo(t, url)
  t.like(await remote.send(0, body), { type: 'answered', status: 204 })
  t.like(await remote.send(0, body), { type: 'unanswered', wasStale: true })
  t.like(await remote.send(0, body), { type: 'unanswered', wasStale: false })
})

test('a connection is not used when its server is about to close it', async t => {
  const sink = await Sink.open(t, () => ({ headers: { 'Keep-Alive': 'timeout=1' } }))
  const remote = remoteTo(t, sink.url)
  for (let n = 0; n < 3; n++) t.like(await remote.send(0, body), { type: 'answered', status: 204 })
  t.is(sink.connections, 3)
})

test('a connection on which something comes unasked is not used again', async t => {
  let connections = 0
  const url = await rawServer(t, socket => {
    connections++
    socket.once('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 500 Oops\r\n\r\n'))
  })
  const remote = remoteTo(t, url)
  for (let n = 0; n < 2; n++) t.like(await remote.send(0, body), { type: 'answered', status: 204 })
  t.is(connections, 2)
})

test('an answer may come in chunks, and however it is cut', async t => {
  const text = 'HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbus\r\n1\r\ny\r\n0\r\n\r\n'
  let connections = 0
  const url = await rawServer(t, socket => {
    connections++
    socket.setNoDelay()
    socket.on('data', async () => {
      for (const character of text) {
        socket.write(character)
        await new Promise(setImmediate)
      }
    })
  })
  const remote = remoteTo(t, url)
  for (let n = 0; n < 2; n++) t.like(await remote.send(0, body), { type: 'answered', status: 503, excerpt: 'busy' })
  t.is(connections, 1)
})

test('a connection that the server wants to close is not used again', async t => {
  const sink = await Sink.open(t, () => ({ headers: { Connection: 'close' } }))
  const remote = remoteTo(t, sink.url)
  for (let n = 0; n < 3; n++) t.like(await remote.send(0, body), { type: 'answered', status: 204 })
  t.is(sink.connections, 3)
})

test('interim answers are passed over, and a change of protocol is no answer', async t => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nRetry-After: 1\r\n\r\n'
  const patient = await rawServer(t, socket => {
    socket.once('data', () => socket.write(`${interim}HTTP/1.1 204 No Content\r\n\r\n`))
  })
  const outcome = await remoteTo(t, patient).send(0, body)
  t.deepEqual(outcome, { type: 'answered', status: 204, retryAfter: undefined, excerpt: '' })
  const switching = await rawServer(t, socket => {
    socket.once('data', () => socket.write('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'))
  })
  t.like(await remoteTo(t, switching).send(0, body), { type: 'unanswered' })
})

test('a server that is not there, one that hangs up and one that speaks no HTTP leave the request unanswered', async t => {
  const closed = await Sink.open(t)
  await closed.close()
  const hangsUp = await rawServer(t, socket => socket.once('data', () => socket.destroy()))
  const babbles = await rawServer(t, socket => socket.once('data', () => socket.end('220 mail ready\r\n')))
  for (const url of [closed.url, hangsUp, babbles]) {
    const outcome = await remoteTo(t, url).send(0, body)
    t.is(outcome.type, 'unanswered')
  }
})

test('the send timeout covers a server that never answers', async t => {
  const sink = await Sink.open(t, () => ({ hang: true }))
  const outcome = await remoteTo(t, sink.url, { sendTimeoutMs: 50 }).send(0, body)
  t.true(outcome.type === 'unanswered' && outcome.error.message.includes('no answer within 50 ms'))
})

test('the send timeout covers a server that answers forever', async t => {
  const url = await rawServer(t, socket => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx'))
  })
  t.like(await remoteTo(t, url, { sendTimeoutMs: 50 }).send(0, body), { type: 'unanswered' })
})

test('a request that is given up takes its connection along', async t => {
  const sink = await Sink.open(t, (_, count) => (count === 1 ? { hang: true } : {}))
  const remote = remoteTo(t, sink.url, { sendTimeoutMs: 3000 })
  t.like(await remote.send(0, body), { type: 'answered' })
  t.like(await remote.send(0, body), { type: 'unanswered', wasStale: false })
  t.like(await remote.send(0, body), { type: 'answered' })
  t.is(sink.connections, 2)
})

test('closing ends requests under way', async t => {
  const sink = await Sink.open(t, () => ({ hang: true }))
  const remote = remoteTo(t, sink.url)
  const outcome = remote.send(0, body)
  await sink.until(() => sink.requests.length === 1)
  remote.close()
  t.like(await outcome, { type: 'unanswered' })
})

test('a secret cannot smuggle in another header', async t => {
  const sink = await Sink.open(t)
  const auth = { type: 'authorization', scheme: 'Bearer', credentials: { value: 'a\r\nX-Evil: 1' } } as const
  const outcome = await remoteTo(t, sink.url, { http: { headers: [], auth } }).send(0, body)
  t.like(outcome, { type: 'unanswered', error: { name: 'HeaderInvalid' } })
  t.is(sink.requests.length, 0)
})

test('nothing is sent after closing', async t => {
  const sink = await Sink.open(t)
  const remote = remoteTo(t, sink.url)
  t.like(await remote.send(0, body), { type: 'answered' })
  remote.close()
  t.like(await remote.send(0, body), { type: 'unanswered' })
  t.is(sink.requests.length, 1)
})

for (const url of ['', 'host:9090/write', 'ftp://host/', '/api/v1/write']) {
  test(`the URL ${JSON.stringify(url)} is refused without showing it`, t => {
    const error = t.throws(() => new Remote(destinationSpec(url)), { name: 'RemoteUrlInvalid' })
    t.is(error.message, '1:secret-url: the value of -remoteWrite.url must be an http:// or https:// URL')
  })
}
