// Proxies for tests: they pass connections on to wherever the test wants, whatever host they are asked for.
import { createServer as createHttpServer, type IncomingHttpHeaders, request } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { ExecutionContext } from 'ava'
import { CERTIFICATE } from './fetching.ts'

/** What a proxy was asked for: method and URL or authority, and the headers that it got; or a SOCKS request. */
export type Asked = { readonly what: string; readonly headers: IncomingHttpHeaders }

export type TestProxy = { readonly host: string; readonly asked: Asked[] }

async function listen(t: ExecutionContext, server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Joins two connections; either takes the other along when it goes. */
function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy()).on('close', () => to.destroy())
    from.pipe(to)
  }
}

/**
 * An HTTP proxy. All that it passes on goes to `origin`; a tunnel that `refuse` names a status line for is not opened.
 */
export async function httpProxy(
  t: ExecutionContext,
  origin: string,
  { tls = false, refuse }: { tls?: boolean; refuse?: string } = {},
): Promise<TestProxy> {
  const asked: Asked[] = []
  const { hostname, port } = new URL(origin)
  const server = tls ? createHttpsServer(CERTIFICATE) : createHttpServer()
  server.on('request', (incoming, response) => {
    const { method, headers, url } = incoming
    asked.push({ what: `${method} ${url}`, headers })
    const { pathname, search } = new URL(url!)
    const onward = request({ host: hostname, port, path: pathname + search, method, headers }, answer => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    incoming.pipe(onward)
  })
  server.on('connect', (incoming, socket: Socket) => {
    asked.push({ what: `CONNECT ${incoming.url}`, headers: incoming.headers })
    if (refuse !== undefined) {
      socket.end(`${refuse}\r\n\r\n`)
      return
    }
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n')
      join(socket, onward)
    })
    onward.on('error', () => socket.destroy())
  })
  return { host: await listen(t, server), asked }
}

/** A SOCKS 5 proxy; all its connections lead to `origin`. With `user`, as `name:password`, it wants to be told that. */
export async function socksProxy(
  t: ExecutionContext,
  origin: string,
  { tls = false, user, reply = 0 }: { tls?: boolean; user?: string; reply?: number } = {},
): Promise<TestProxy> {
  const asked: Asked[] = []
  const serve = async (socket: Socket) => {
    socket.on('error', () => {})
    const bytes = readerOf(socket)
    const [, methods] = await bytes(2)
    const offered = await bytes(methods!)
    const method = user === undefined ? 0 : offered.includes(2) ? 2 : 0xff
    socket.write(Uint8Array.of(5, method))
    if (method === 0xff) return
    if (user !== undefined) {
      const name = (await bytes((await bytes(2))[1]!)).toString()
      const password = (await bytes((await bytes(1))[0]!)).toString()
      socket.write(Uint8Array.of(1, `${name}:${password}` === user ? 0 : 1))
      if (`${name}:${password}` !== user) return
    }
    const type = (await bytes(4))[3]!
    const address = await bytes(type === 1 ? 4 : type === 4 ? 16 : (await bytes(1))[0]!)
    const port = (await bytes(2)).readUInt16BE()
    asked.push({ what: `${type === 3 ? address.toString() : address.toString('hex')}:${port}`, headers: {} })
    // The address that the proxy connects from is told as a name here, which clients have to skip.
    const answer = Buffer.concat([Uint8Array.of(5, reply, 0, 3, 4), Buffer.from('test'), Uint8Array.of(0, 80)])
    if (reply !== 0) {
      socket.end(answer)
      return
    }
    const target = new URL(origin)
    const onward = connect(Number(target.port), target.hostname, () => {
      socket.write(answer)
      socket.removeAllListeners('readable')
      join(socket, onward)
    })
    onward.on('error', () => socket.destroy())
  }
  const start = (socket: Socket) => void serve(socket).catch(() => socket.destroy())
  const server = tls ? createTlsServer(CERTIFICATE, start) : createNetServer(start)
  return { host: await listen(t, server), asked }
}

/** Reads so many bytes of a socket at a time. */
function readerOf(socket: Socket): (bytes: number) => Promise<Buffer> {
  return async bytes => {
    for (;;) {
      const taken: Buffer | null = socket.read(bytes)
      if (taken !== null) return taken
      await new Promise((resolve, reject) => socket.once('readable', resolve).once('close', reject))
    }
  }
}
