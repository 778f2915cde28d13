import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { HttpReader, type HttpReaderOptions, withoutCredentials } from '../../lib/control/http-reader.ts'
import { serve } from '../support/fetching.ts'
import { httpProxy } from '../support/proxies.ts'

function readerOf(t: ExecutionContext, options: Partial<HttpReaderOptions> = {}): HttpReader {
  const reader = new HttpReader({ http: { headers: [] }, followRedirects: true, ...options })
  t.teardown(() => reader.close())
  return reader
}

test('a text is read, plain or compressed', async t => {
  const origin = await serve(t, (request, response) => {
    const isGzip = request.url === '/gzip?x=1'
    if (isGzip) response.setHeader('Content-Encoding', 'gzip')
    response.end(isGzip ? gzipSync('größer') : 'größe')
  })
  const reader = readerOf(t)
  t.is(await reader.read(`${origin}/plain`), 'größe')
  t.is(await reader.read(`${origin}/gzip?x=1`), 'größer')
})

test('the headers of a request come from the caller, the user and the credentials, each over those before', async t => {
  const seen: IncomingMessage['headers'][] = []
  const origin = await serve(t, ({ headers }, response) => {
    seen.push(headers)
    response.end()
  })
  const http = {
    auth: { type: 'basic', username: { value: 'u' }, password: { value: 'ü' } } as const,
    headers: [
      ['X-User', 'größe'],
      ['X-Caller', 'changed'],
      ['Authorization', 'not this'],
      ['Content-Length', '5'],
    ] as const,
  }
  await readerOf(t, { http }).read(origin, { Accept: 'application/json', 'X-Caller': 'own' })
  t.like(seen[0], {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': 'vm_promscrape',
    'x-user': Buffer.from('größe').toString('latin1'),
    'x-caller': 'changed',
    authorization: `Basic ${Buffer.from('u:ü').toString('base64')}`,
  })
  t.is(seen[0]!['content-length'], undefined)
})

test('credentials in a URL are used, and do not show in errors', async t => {
  const seen: (string | undefined)[] = []
  const origin = await serve(t, ({ headers }, response) => {
    seen.push(headers.authorization)
    response.writeHead(403).end('no')
  })
  const url = origin.replace('http://', 'http://me:p%40ss@')
  const error = await t.throwsAsync(readerOf(t).read(`${url}/list`), { code: 'DISCOVERY_FAILED' })
  t.deepEqual(seen, [`Basic ${Buffer.from('me:p@ss').toString('base64')}`])
  t.is(error.message, `${origin}/list answered 403`)
  t.is(withoutCredentials('not a URL'), 'not a URL')
})

test('redirects are followed, and another host gets no credentials', async t => {
  const seen: string[] = []
  const note = ({ url, headers }: IncomingMessage) => seen.push(`${url} ${headers.authorization} ${headers['x-key']}`)
  const other = await serve(t, (request, response) => {
    note(request)
    response.end('there')
  })
  const origin = await serve(t, (request, response) => {
    note(request)
    const location = request.url === '/a' ? 'b' : other.replace('127.0.0.1', 'localhost')
    response.writeHead(302, { location }).end()
  })
  const http = {
    auth: { type: 'authorization', scheme: 'Bearer', credentials: { value: 't' } } as const,
    headers: [['X-Key', 'k'] as const],
  }
  t.is(await readerOf(t, { http }).read(`${origin}/a`), 'there')
  t.deepEqual(seen, ['/a Bearer t k', '/b Bearer t k', '/ undefined undefined'])
  await t.throwsAsync(readerOf(t, { http, followRedirects: false }).read(`${origin}/a`), { message: /answered 302$/ })
})

test('redirects that lead nowhere end', async t => {
  const origin = await serve(t, (request, response) => {
    response.writeHead(307, request.url === '/loop' ? { location: '/loop' } : { location: 'ftp://x/' }).end()
  })
  const reader = readerOf(t)
  await t.throwsAsync(reader.read(`${origin}/loop`), { message: /redirects once more than 10 times/ })
  await t.throwsAsync(reader.read(`${origin}/ftp`), { message: /redirects to no URL/ })
})

test('a body that is too large is not taken, on the wire or inflated', async t => {
  const origin = await serve(t, (request, response) => {
    if (request.url === '/gzip') response.setHeader('Content-Encoding', 'gzip').end(gzipSync('x'.repeat(1001)))
    else response.end('x'.repeat(1001))
  })
  const reader = readerOf(t, { bodyBytesMax: 1000 })
  for (const path of ['/plain', '/gzip']) {
    await t.throwsAsync(reader.read(origin + path), { code: 'DISCOVERY_FAILED', message: /more than 1000 bytes$/ })
  }
})

test('what cannot be fetched says why', async t => {
  const broken = await serve(t, (_, response) => response.setHeader('Content-Encoding', 'gzip').end('junk'))
  const asleep = await serve(t, () => {})
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  const read = (url: string, timeoutMs = 10_000) => readerOf(t, { timeoutMs }).read(url)
  await t.throwsAsync(read(broken), { message: /sends broken gzip: / })
  await t.throwsAsync(read(asleep, 50), { message: /cannot be fetched: no answer within 0\.05 s/ })
  await t.throwsAsync(read(`http://127.0.0.1:${port}/`), { message: /cannot be fetched: .*ECONNREFUSED/ })
  await t.throwsAsync(read('http://a%@127.0.0.1/'), { code: 'DISCOVERY_FAILED' })
})

test('a server that is busy says for how long it wants to be left alone', async t => {
  const origin = await serve(t, (_, response) => response.writeHead(429, { 'Retry-After': '30' }).end())
  const error = (await t.throwsAsync(readerOf(t).read(origin))) as Error & { retryAfterMs: number }
  t.true(error.retryAfterMs >= 30_000 && error.retryAfterMs <= 33_000)
})

test('a request whose kept connection breaks is sent once more', async t => {
  let requests = 0
  const listener: RequestListener = (request, response) => {
    if (++requests === 2) (request.socket as Socket).destroy()
    else response.end(String(requests))
  }
  const origin = await serve(t, listener)
  const traffic = { requests: 0, retries: 0 }
  const reader = readerOf(t, { traffic })
  t.is(await reader.read(origin), '1')
  t.is(await reader.read(origin), '3')
  t.deepEqual(traffic, { requests: 3, retries: 1 })
})

test('a reader that is closed fails what is under way', async t => {
  const arrived = Promise.withResolvers<void>()
  const origin = await serve(t, () => arrived.resolve())
  const reader = readerOf(t)
  const read = reader.read(origin)
  await arrived.promise
  reader.close()
  await t.throwsAsync(read, { code: 'DISCOVERY_FAILED' })
})

for (const scheme of ['http', 'https'] as const) {
  test(`${scheme} URLs are read through a proxy, with a token and secrets from elsewhere`, async t => {
    const seen: IncomingMessage['headers'][] = []
    const answer = (text: string): RequestListener => {
      return (request, response) => {
        seen.push(request.headers)
        response.end(text)
      }
    }
    const tokens = await serve(t, (_, response) => response.end('{"access_token":"tok"}'))
    const secrets = await serve(t, (_, response) => response.end('key\n'))
    const proxy = await httpProxy(t, await serve(t, answer('list'), scheme))
    const http = {
      headers: [],
      secretHeaders: [['X-Key', { url: secrets }]],
      tls: { insecureSkipVerify: true },
      auth: {
        type: 'oauth2',
        clientId: 'id',
        clientSecret: { value: 's' },
        tokenUrl: tokens,
        scopes: [],
        endpointParams: [],
        http: { headers: [] },
      },
      proxy: {
        url: `http://${proxy.host}`,
        auth: { type: 'authorization', scheme: 'Bearer', credentials: { url: secrets } },
        headers: [],
        connectHeaders: [],
        noProxy: '',
      },
    } as const
    const reader = readerOf(t, { http })
    for (let i = 0; i < 2; i++) t.is(await reader.read(`${scheme}://lists.test/l?a=b`), 'list')
    t.like(seen[0], { host: 'lists.test', authorization: 'Bearer tok', 'x-key': 'key' })
    t.is(proxy.asked[0]!.headers['proxy-authorization'], 'Bearer key')
    const asked = scheme === 'http' ? 'GET http://lists.test/l?a=b' : 'CONNECT lists.test:443'
    t.deepEqual(new Set(proxy.asked.map(({ what }) => what)), new Set([asked]))
  })
}
