import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { TargetConnection } from '../../lib/shard/target-errors.ts'
import { closeOf, fetching, reset, serve, serveRaw, testBoth } from '../support/fetching.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nup 1\n'

testBoth('a body arrives whole, with its type, and is accounted for until it is released', async (t, scheme) => {
  const body = Buffer.alloc(300_000, 'metric{label="value"} 1\n')
  const origin = await serve(
    t,
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body)
    },
    scheme,
  )
  const target = fetching(t, `${origin}/metrics?a=b`)
  t.true(body.equals((await target.attempt()) as Buffer))
  t.is(target.client.contentType, 'text/plain; version=0.0.4')
  t.is(target.client.encoding, 'identity')
  t.is(target.client.wireBytes, body.length)
  t.is(target.bodyBytes, body.length)
  target.client.release()
  target.client.release()
  t.is(target.bodyBytes, 0)
  t.is(target.client.wireBytes, 0)
  t.deepEqual(target.client.chunks, [])
})

testBoth('a new fetch lets the body of the one before go', async (t, scheme) => {
  const sizes = [50_000, 7]
  const origin = await serve(t, (_request, response) => response.end(Buffer.alloc(sizes.shift()!)), scheme)
  const target = fetching(t, origin)
  await target.attempt()
  await target.attempt()
  t.is(target.bodyBytes, 7)
  t.is(target.client.wireBytes, 7)
})

testBoth('a gzip body is handed over as it is; its encoding is known', async (t, scheme) => {
  const origin = await serve(
    t,
    (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('up 1\n'))
    },
    scheme,
  )
  const target = fetching(t, origin)
  t.deepEqual(await target.attempt(), gzipSync('up 1\n'))
  t.is(target.client.encoding, 'gzip')
  t.is(target.client.contentType, '')
})

testBoth('a body without length, a body in chunks and an empty body are bodies', async (t, scheme) => {
  const answers = [
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nup \r\n2\r\n1\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.0 200 OK\r\n\r\nup 1\n',
  ]
  const origin = await serveRaw(
    t,
    (socket, turn) => {
      socket.write(answers[turn]!)
      if (turn === 2) socket.end()
    },
    scheme,
  )
  const target = fetching(t, origin)
  t.is(await target.text(), 'up 1\n')
  t.is(await target.text(), '')
  t.is(await target.text(), 'up 1\n')
})

testBoth('a body in thousands of tiny chunks is kept in a few pieces', async (t, scheme) => {
  const lines = Array.from({ length: 20_000 }, (_, line) => `m${line} 1\n`)
  const chunks = lines.map(line => `${line.length.toString(16)}\r\n${line}\r\n`).join('')
  const origin = await serveRaw(
    t,
    socket => {
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)
    },
    scheme,
  )
  const target = fetching(t, origin)
  t.is(await target.text(), lines.join(''))
  t.true(target.client.chunks.length < 40)
})

testBoth('interim answers are passed over', async (t, scheme) => {
  const origin = await serveRaw(
    t,
    socket => socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${OK}`),
    scheme,
  )
  t.is(await fetching(t, origin).text(), 'up 1\n')
})

testBoth('one connection serves fetch after fetch', async (t, scheme) => {
  const sockets = new Set<Socket>()
  const origin = await serve(
    t,
    (request, response) => {
      sockets.add(request.socket)
      response.end('up 1\n')
    },
    scheme,
  )
  const target = fetching(t, origin)
  for (let i = 0; i < 5; i++) t.is(await target.text(), 'up 1\n')
  t.is(sockets.size, 1)
})

testBoth('with disableKeepAlive each fetch has a connection of its own', async (t, scheme) => {
  const sockets = new Set<Socket>()
  const origin = await serve(
    t,
    (request, response) => {
      sockets.add(request.socket)
      response.end(request.headers.connection)
    },
    scheme,
  )
  const target = fetching(t, origin, {}, { disableKeepAlive: true })
  for (let i = 0; i < 3; i++) t.is(await target.text(), 'close')
  t.is(sockets.size, 3)
})

testBoth('a kept connection that the server closed does not fail the next fetch', async (t, scheme) => {
  const sockets: Socket[] = []
  const origin = await serve(
    t,
    (request, response) => {
      sockets.push(request.socket)
      response.end('up 1\n')
    },
    scheme,
  )
  const target = fetching(t, origin)
  await target.text()
  sockets[0]!.end()
  await closeOf(sockets[0]!)
  t.is(await target.text(), 'up 1\n')
})

for (const [how, end] of [
  ['closed', (socket: Socket) => socket.end()],
  ['reset', reset],
] as const) {
  testBoth(`a request that meets a kept connection being ${how} is sent once more`, async (t, scheme) => {
    const turns: number[] = []
    const origin = await serveRaw(
      t,
      (socket, turn) => {
        turns.push(turn)
        if (turn === 1) end(socket)
        else socket.write(OK)
      },
      scheme,
    )
    const target = fetching(t, origin)
    for (let i = 0; i < 3; i++) t.is(await target.text(), 'up 1\n')
    t.deepEqual(turns, [0, 1, 2, 3])
  })

  testBoth(`a request on a new connection that is ${how} is not repeated`, async (t, scheme) => {
    let requests = 0
    const origin = await serveRaw(
      t,
      (socket, turn) => {
        requests++
        if (turn < 2) end(socket)
        else socket.write(OK)
      },
      scheme,
    )
    const target = fetching(t, origin)
    t.true((await target.attempt()) instanceof TargetConnection)
    t.true((await target.attempt()) instanceof TargetConnection)
    t.is(requests, 2)
    t.is(await target.text(), 'up 1\n')
  })

  testBoth(`a repeated request that is ${how} as well fails`, async (t, scheme) => {
    let requests = 0
    const origin = await serveRaw(
      t,
      (socket, turn) => {
        requests++
        if (turn === 0) socket.write(OK)
        else end(socket)
      },
      scheme,
    )
    const target = fetching(t, origin)
    await target.text()
    t.true((await target.attempt()) instanceof TargetConnection)
    t.is(requests, 3)
  })
}

testBoth('one fetch at a time', async (t, scheme) => {
  const origin = await serve(t, (_request, response) => response.end('up 1\n'), scheme)
  const target = fetching(t, origin)
  const outcome = target.attempt()
  t.throws(() => target.client.start(), { code: 'ERR_ASSERTION' })
  await outcome
  await target.client.close()
  t.throws(() => target.client.start(), { code: 'ERR_ASSERTION' })
})

testBoth('the owner may start the next fetch from within its callback', async (t, scheme) => {
  const origin = await serveRaw(t, (socket, turn) => (turn % 2 === 0 ? socket.write(OK) : reset(socket)), scheme)
  const target = fetching(t, origin)
  let left = 6
  const done = new Promise<void>(resolve => {
    const again = () => {
      if (--left === 0) resolve()
      else target.client.start()
    }
    target.fetched = again
    target.failed = again
  })
  target.client.start()
  await done
  t.is(left, 0)
})

const MOMENTS: Record<string, (socket: Socket) => void> = {
  'nothing came': () => {},
  'the body is coming': socket => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nup '),
}
for (const [title, answer] of Object.entries(MOMENTS)) {
  testBoth(`close() while ${title} yet ends the connection and keeps silent`, async (t, scheme) => {
    const asked = Promise.withResolvers<Socket>()
    const origin = await serveRaw(
      t,
      socket => {
        answer(socket)
        setTimeout(asked.resolve, 50, socket)
      },
      scheme,
    )
    const target = fetching(t, origin)
    void target.attempt()
    const socket = await asked.promise
    await Promise.all([target.client.close(), closeOf(socket)])
    t.is(target.ends, 0)
    t.is(target.bodyBytes, 0)
  })
}

testBoth('close() right after start(), and right after the body came, keeps silent', async (t, scheme) => {
  const origin = await serve(t, (_request, response) => response.end('up 1\n'), scheme)
  const early = fetching(t, origin)
  void early.attempt()
  await early.client.close()
  t.is(early.ends, 0)

  const idle = fetching(t, origin)
  await idle.text()
  await idle.client.close()
  t.is(idle.ends, 1)
  t.is(idle.bodyBytes, 0)
})
