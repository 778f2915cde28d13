import type { AddressInfo, Socket } from 'node:net'
import { createServer as createNetServer } from 'node:net'
import test from 'ava'
import {
  BodyTooLarge,
  TargetBody,
  TargetConnection,
  TargetStatus,
  TargetTimeout,
} from '../../lib/shard/target-errors.ts'
import { SecretUnreadable } from '../../shared/secret.ts'
import { closeOf, fetching, reset, serve, serveRaw, testBoth } from '../support/fetching.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n'

for (const status of [201, 204, 206, 301, 400, 401, 404, 500, 503]) {
  testBoth(`status ${status} fails, names the URL, and keeps the connection`, async (t, scheme) => {
    const sockets = new Set<Socket>()
    let answer = status
    const origin = await serve(
      t,
      (request, response) => {
        sockets.add(request.socket)
        response.writeHead(answer, { location: '/other' }).end(answer === 204 ? undefined : 'up 1\n')
      },
      scheme,
    )
    const target = fetching(t, `${origin}/metrics`, {}, { followRedirects: false })
    const error = await target.attempt()
    t.true(error instanceof TargetStatus)
    t.is((error as TargetStatus).status, status)
    t.true((error as TargetStatus).message.includes(`${origin}/metrics answered with status ${status}`))
    t.is(target.bodyBytes, 0)
    answer = 200
    t.is(await target.text(), 'up 1\n')
    t.is(sockets.size, 1)
  })
}

testBoth('an error page that does not end is not waited for', async (t, scheme) => {
  const origin = await serve(
    t,
    (_request, response) => {
      response.writeHead(500)
      const write = () => {
        while (response.write(Buffer.alloc(64 * 1024)));
      }
      response.on('drain', write)
      write()
    },
    scheme,
  )
  const error = await fetching(t, origin).attempt()
  t.true(error instanceof TargetStatus)
})

testBoth('an error page that stalls is told by its status, not by the time it takes', async (t, scheme) => {
  const origin = await serveRaw(
    t,
    socket => socket.write('HTTP/1.1 500 Broken\r\nContent-Length: 10\r\n\r\nsor'),
    scheme,
  )
  t.true((await fetching(t, origin, { timeoutMs: 1500 }).attempt()) instanceof TargetStatus)
})

const SILENCES: Record<string, (socket: Socket) => void> = {
  'never answers': () => {},
  'stops within the headers': socket => void socket.write('HTTP/1.1 200 OK\r\nContent-'),
  'stops within the body': socket => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nup '),
  'stops within a chunk': socket => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup')
  },
  'sends a byte now and then': socket => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const timer = setInterval(() => socket.write('#'), 10)
    socket.on('close', () => clearInterval(timer))
  },
}
for (const [title, misbehave] of Object.entries(SILENCES)) {
  testBoth(`a server that ${title} is given up after timeoutMs, and gets another chance`, async (t, scheme) => {
    let closed: Promise<unknown> | undefined
    const origin = await serveRaw(
      t,
      (socket, turn) => {
        if (turn > 0) return void socket.write(OK)
        closed = closeOf(socket)
        misbehave(socket)
      },
      scheme,
    )
    const target = fetching(t, origin, { timeoutMs: 1500 })
    const error = await target.attempt()
    t.true(error instanceof TargetTimeout, String(error))
    t.true((error as TargetTimeout).message.includes('1500 ms'))
    t.is(target.bodyBytes, 0)
    await closed
    t.is(await target.text(), 'up 1\n')
  })
}

test('timeoutMs covers a connection that does not come about', async t => {
  const closed: Promise<unknown>[] = []
  const server = createNetServer(socket => closed.push(closeOf(socket.resume()))) // never answers the handshake
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const target = fetching(t, `https://127.0.0.1:${port}/metrics`, { timeoutMs: 200 })
  for (let i = 0; i < 2; i++) {
    const error = await target.attempt()
    t.true(error instanceof TargetTimeout, String(error))
  }
  await Promise.all(closed)
  t.is(closed.length, 2)
})

test('a refused connection says so', async t => {
  const server = createNetServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  const error = (await fetching(t, `http://127.0.0.1:${port}/metrics`).attempt()) as TargetConnection
  t.true(error instanceof TargetConnection)
  t.is(error.code, 'TARGET_CONNECTION')
  t.regex(error.message, new RegExp(`http://127.0.0.1:${port}/metrics: .*ECONNREFUSED`))
  t.is((error.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED')
})

test('a host whose addresses all refuse says so', async t => {
  const server = createNetServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  const error = (await fetching(t, `http://localhost:${port}/metrics`).attempt()) as TargetConnection
  t.regex(error.message, /ECONNREFUSED/)
})

const BROKEN: Record<string, [answer: string, end: (socket: Socket) => void]> = {
  'is shorter than its Content-Length': ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nup 1\n', s => s.end()],
  'is reset in the middle': ['HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nup 1\n', s => setTimeout(reset, 20, s)],
  'lacks its last chunk': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nup 1\n\r\n', s => s.end()],
  'has a chunk without size': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nup 1\n', () => {}],
}
for (const [title, [answer, end]] of Object.entries(BROKEN)) {
  testBoth(`a body that ${title} fails, on a kept connection too`, async (t, scheme) => {
    let requests = 0
    const origin = await serveRaw(
      t,
      (socket, turn) => {
        requests++
        socket.write(turn === 1 ? OK : answer)
        if (turn !== 1) end(socket)
      },
      scheme,
    )
    const target = fetching(t, origin)
    for (const turn of [0, 1, 2]) {
      const outcome = await target.attempt()
      if (turn === 1) t.true(Buffer.isBuffer(outcome))
      else t.true(outcome instanceof TargetBody, String(outcome))
    }
    t.is(target.bodyBytes, 0)
    t.is(requests, 3)
  })
}

testBoth('an answer that is not HTTP fails', async (t, scheme) => {
  const origin = await serveRaw(t, socket => socket.write('SSH-2.0-OpenSSH_9.9\r\n'), scheme)
  t.true((await fetching(t, origin).attempt()) instanceof TargetConnection)
})

testBoth('a body as large as maxBodyBytes passes', async (t, scheme) => {
  const origin = await serve(t, (_request, response) => response.end(Buffer.alloc(1000)), scheme)
  t.is(((await fetching(t, origin, { maxBodyBytes: 1000 }).attempt()) as Buffer).length, 1000)
})

for (const announced of [true, false]) {
  testBoth(
    `a body larger than maxBodyBytes is cut off, its length ${announced ? '' : 'not '}announced`,
    async (t, scheme) => {
      let closed: Promise<unknown> | undefined
      const origin = await serve(
        t,
        (request, response) => {
          closed = closeOf(request.socket)
          if (announced) response.writeHead(200, { 'content-length': 1_000_000_000 })
          const write = () => {
            while (response.write(Buffer.alloc(64 * 1024)));
          }
          response.on('drain', write)
          write()
        },
        scheme,
      )
      const target = fetching(t, `${origin}/big`, { maxBodyBytes: 100_000 })
      const error = (await target.attempt()) as BodyTooLarge
      t.true(error instanceof BodyTooLarge)
      t.is(error.bodyBytesMax, 100_000)
      t.true(error.message.includes(`${origin}/big has more than 100000 bytes`))
      t.is(target.bodyBytes, 0)
      await closed
    },
  )
}

testBoth('a content encoding that was not asked for is refused', async (t, scheme) => {
  let encoding = 'br'
  const origin = await serve(
    t,
    (_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end('up 1\n')
    },
    scheme,
  )
  const target = fetching(t, origin)
  t.regex(((await target.attempt()) as TargetBody).message, /content encoding br/)
  encoding = 'gzip, gzip'
  t.true((await target.attempt()) instanceof TargetBody)
  encoding = 'identity'
  t.is(await target.text(), 'up 1\n')
})

test('a target whose URL is none fails', async t => {
  const error = (await fetching(t, 'http://a b/metrics').attempt()) as TargetConnection
  t.true(error instanceof TargetConnection)
  t.true(error.message.includes('http://a b/metrics'))
})

testBoth('a header that HTTP does not allow fails the fetch and nothing else', async (t, scheme) => {
  const origin = await serveRaw(t, socket => socket.write(OK), scheme)
  const target = fetching(t, origin, {}, { http: { headers: [['X-Two', 'a\nb']] } })
  t.true((await target.attempt()) instanceof TargetConnection)
  t.true((await target.attempt()) instanceof TargetConnection)
})

testBoth('a secret that cannot be read fails the fetch', async (t, scheme) => {
  const origin = await serveRaw(t, socket => socket.write(OK), scheme)
  const credentials = { file: '/nonexistent/token' }
  const http = { headers: [], auth: { type: 'authorization', scheme: 'Bearer', credentials } } as const
  const target = fetching(t, origin, {}, { http })
  t.true((await target.attempt()) instanceof SecretUnreadable)
  t.true((await target.attempt()) instanceof SecretUnreadable)
})

test('a target that is not to be asked fails without a request', async t => {
  let requests = 0
  const origin = await serve(t, (_, response) => {
    requests++
    response.end()
  })
  const target = fetching(t, origin, { refusal: 'there are too many targets' })
  for (let i = 0; i < 2; i++) {
    const outcome = await target.attempt()
    t.like(outcome, { code: 'TARGET_REFUSED', message: 'there are too many targets' })
  }
  t.is(requests, 0)
})

testBoth('an answer whose headers are too many is none', async (t, scheme) => {
  let size = 1000
  const origin = await serve(t, (_, response) => response.setHeader('X-Big', 'x'.repeat(size)).end('up 1\n'), scheme)
  const target = fetching(t, origin)
  t.is(await target.text(), 'up 1\n')
  size = 5000
  t.true((await target.attempt()) instanceof TargetConnection)
  size = 1000
  t.is(await target.text(), 'up 1\n')
})
