import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { TargetConnection, TargetStatus, TargetTimeout } from '../../lib/shard/target-errors.ts'
import { isForeign, redirectUrl } from '../../shared/redirect.ts'
import { fetching, serve } from '../support/fetching.ts'

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../shared/fixtures', name), 'utf8')

const SECRETS = {
  headers: [['X-Api-Key', 'key']],
  auth: { type: 'authorization', scheme: 'Bearer', credentials: { value: 'token' } },
} as const

/** A server that records what it is asked, and does not answer but redirects as long as `location` gives something. */
async function recorder(t: ExecutionContext, location: (path: string) => string | undefined, host = '127.0.0.1') {
  const paths: string[] = []
  const headers: IncomingHttpHeaders[] = []
  const sockets = new Set<Socket>()
  const handle: RequestListener = (request, response) => {
    paths.push(request.url!)
    headers.push(request.headers)
    sockets.add(request.socket)
    const to = location(request.url!)
    if (to === undefined) response.end('up 1\n')
    else response.writeHead(302, { location: to }).end('moved')
  }
  return { origin: await serve(t, handle, 'http', host), paths, headers, sockets }
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`status ${status} is followed`, async t => {
    const origin = await serve(t, (request, response) => {
      if (request.url === '/metrics') response.writeHead(status, { location: 'moved?a=b#c' }).end()
      else response.end(`${request.method} ${request.url}`)
    })
    const target = fetching(t, `${origin}/metrics`)
    t.is(await target.text(), 'GET /moved?a=b')
    t.is(await target.text(), 'GET /moved?a=b')
  })
}

test('within a server a redirect stays on the connection and keeps the credentials', async t => {
  const server = await recorder(t, path => (path === '/metrics' ? '/moved' : undefined))
  const target = fetching(t, `${server.origin}/metrics`, {}, { http: SECRETS })
  t.is(await target.text(), 'up 1\n')
  t.deepEqual(server.paths, ['/metrics', '/moved'])
  t.is(server.sockets.size, 1)
  for (const headers of server.headers) {
    t.is(headers.authorization, 'Bearer token')
    t.is(headers['x-api-key'], 'key')
  }
})

test('another host gets no credentials, and its connection is kept', async t => {
  const there = await recorder(t, () => undefined, '127.0.0.2')
  const here = await recorder(t, () => `${there.origin}/moved`)
  const target = fetching(t, here.origin, {}, { http: SECRETS })
  for (let i = 0; i < 3; i++) t.is(await target.text(), 'up 1\n')
  t.is(here.headers.length, 3)
  t.is(here.headers[0]!.authorization, 'Bearer token')
  t.is(here.sockets.size, 1)
  t.is(there.sockets.size, 1)
  for (const headers of there.headers) {
    t.is(headers.authorization, undefined)
    t.is(headers['x-api-key'], undefined)
    t.is(headers['x-prometheus-scrape-timeout-seconds'], '30.000')
  }
})

test('another port of the host gets the credentials; coming back to the target does too', async t => {
  const there = await recorder(t, () => `${here.origin}/final`)
  const here = await recorder(t, path => (path === '/final' ? undefined : there.origin))
  t.is(await fetching(t, `${here.origin}/metrics`, {}, { http: SECRETS }).text(), 'up 1\n')
  t.deepEqual(here.paths, ['/metrics', '/final'])
  t.is(there.headers[0]!.authorization, 'Bearer token')
  t.is(here.headers[1]!.authorization, 'Bearer token')
})

test('ten redirects are followed, the eleventh is not', async t => {
  let last = 10
  const server = await recorder(t, path => (path === `/${last}` ? undefined : `/${Number(path.slice(1)) + 1}`))
  const target = fetching(t, `${server.origin}/0`)
  t.is(await target.text(), 'up 1\n')
  last = 11
  const error = (await target.attempt()) as TargetStatus
  t.true(error instanceof TargetStatus)
  t.is(error.status, 302)
  t.true(error.message.includes(`${server.origin}/10 (redirected from ${server.origin}/0)`))
  t.regex(error.message, /more than 10/)
})

for (const location of [undefined, 'http://', 'ftp://127.0.0.1/metrics', 'http://a b/']) {
  test(`a redirect to ${location ?? 'nowhere'} fails`, async t => {
    const origin = await serve(t, (_request, response) => response.writeHead(302, location ? { location } : {}).end())
    const error = (await fetching(t, origin).attempt()) as TargetStatus
    t.true(error instanceof TargetStatus)
    t.true(error.message.includes(location ?? 'none was sent'))
  })
}

test('a redirect to a server that does not listen fails, naming both URLs', async t => {
  const server = await recorder(t, () => 'http://127.0.0.1:1/gone')
  const error = (await fetching(t, server.origin).attempt()) as TargetConnection
  t.true(error instanceof TargetConnection)
  t.true(error.message.includes(`http://127.0.0.1:1/gone (redirected from ${server.origin})`))
})

test('timeoutMs covers the whole chain', async t => {
  const origin = await serve(t, (request, response) => {
    if (request.url === '/hang') return
    const location = request.url === '/9' ? '/hang' : `/${Number(request.url!.slice(1)) + 1}`
    response.writeHead(302, { location }).end()
  })
  t.true((await fetching(t, `${origin}/1`, { timeoutMs: 500 }).attempt()) instanceof TargetTimeout)
})

test('the body of a redirect is not part of the body, however large', async t => {
  const origin = await serve(t, (request, response) => {
    if (request.url === '/metrics') response.writeHead(302, { location: '/moved' }).end(Buffer.alloc(1_000_000))
    else response.end('up 1\n')
  })
  const target = fetching(t, `${origin}/metrics`)
  t.is(await target.text(), 'up 1\n')
  t.is(target.bodyBytes, 5)
})

test('a target moves to https, with the certificates of its job', async t => {
  const there = await serve(t, (request, response) => response.end(request.headers.authorization), 'https')
  const here = await recorder(t, () => there)
  const tls = { ca: { value: pem('ca.pem') }, insecureSkipVerify: false }
  t.is(await fetching(t, here.origin, {}, { http: { ...SECRETS, tls } }).text(), 'Bearer token')
  t.true((await fetching(t, here.origin, {}, { http: SECRETS }).attempt()) instanceof TargetConnection)
})

test('what is foreign', t => {
  const own = new URL('https://a.test:8443/')
  t.false(isForeign(own, new URL('https://a.test/x')))
  t.true(isForeign(own, new URL('http://a.test:8443/')))
  t.true(isForeign(own, new URL('https://b.a.test:8443/')))
  t.false(isForeign(new URL('http://a.test/'), new URL('https://A.test/')))
})

test('locations are relative to the place that they come from', t => {
  const base = 'http://a.test/x/metrics?q=1'
  t.is(redirectUrl('y', base)?.href, 'http://a.test/x/y')
  t.is(redirectUrl('//b.test/y', base)?.href, 'http://b.test/y')
  t.is(redirectUrl('https://b.test', base)?.href, 'https://b.test/')
  t.is(redirectUrl('javascript:0', base), undefined)
})
