// Scrapes through proxies: how requests travel, and what the proxy gets to see.
import test, { type ExecutionContext } from 'ava'
import { TargetConnection, TargetStatus, TargetTimeout } from '../../lib/shard/target-errors.ts'
import type { ProxySpec } from '../../shared/http-spec.ts'
import { fetching, JOB, type Scheme, serve, serveRaw } from '../support/fetching.ts'
import { httpProxy, socksProxy } from '../support/proxies.ts'

const proxySpec = (url: string, more: Partial<ProxySpec> = {}): ProxySpec => ({
  url,
  tls: { insecureSkipVerify: true },
  headers: [],
  connectHeaders: [],
  noProxy: '',
  ...more,
})

function through(t: ExecutionContext, url: string, proxy: ProxySpec, timeoutMs = 30_000) {
  return fetching(t, url, { timeoutMs }, { http: { ...JOB.http, proxy } })
}

/** A target that says which requests it got. */
async function target(t: ExecutionContext, scheme: Scheme) {
  const requests: string[] = []
  const origin = await serve(
    t,
    (request, response) => {
      requests.push(`${request.url} for ${request.headers.host}`)
      response.end('up 1\n')
    },
    scheme,
  )
  return { origin, requests }
}

for (const tls of [false, true]) {
  const scheme = tls ? 'https' : 'http'
  test(`an ${scheme} proxy gets requests for http targets whole, over one connection`, async t => {
    const { origin, requests } = await target(t, 'http')
    const proxy = await httpProxy(t, origin, { tls })
    const client = through(t, 'http://some.invalid:9100/metrics?a=b', proxySpec(`${scheme}://${proxy.host}`))
    for (let i = 0; i < 3; i++) t.is(await client.text(), 'up 1\n')
    t.deepEqual(requests, Array(3).fill('/metrics?a=b for some.invalid:9100'))
    t.deepEqual(
      proxy.asked.map(({ what }) => what),
      Array(3).fill('GET http://some.invalid:9100/metrics?a=b'),
    )
  })

  test(`an ${scheme} proxy opens a tunnel to https targets, one for many scrapes`, async t => {
    const { origin, requests } = await target(t, 'https')
    const proxy = await httpProxy(t, origin, { tls })
    const client = through(t, 'https://metrics.test/metrics', proxySpec(`${scheme}://${proxy.host}`))
    for (let i = 0; i < 3; i++) t.is(await client.text(), 'up 1\n')
    t.deepEqual(requests, Array(3).fill('/metrics for metrics.test'))
    t.deepEqual(
      proxy.asked.map(({ what }) => what),
      ['CONNECT metrics.test:443'],
    )
  })

  for (const targetScheme of ['http', 'https'] as const) {
    const proxyScheme = tls ? 'tls+socks5' : 'socks5'
    test(`a ${proxyScheme} proxy connects to ${targetScheme} targets, by their name`, async t => {
      const { origin, requests } = await target(t, targetScheme)
      const proxy = await socksProxy(t, origin, { tls, user: 'me:p@ss' })
      const client = through(
        t,
        `${targetScheme}://metrics.test:9100/m`,
        proxySpec(`${proxyScheme}://me:p%40ss@${proxy.host}`),
      )
      for (let i = 0; i < 3; i++) t.is(await client.text(), 'up 1\n')
      t.deepEqual(requests, Array(3).fill('/m for metrics.test:9100'))
      t.deepEqual(
        proxy.asked.map(({ what }) => what),
        ['metrics.test:9100'],
      )
    })
  }
}

test('SOCKS proxies get addresses as such', async t => {
  const { origin } = await target(t, 'http')
  const proxy = await socksProxy(t, origin)
  for (const host of ['192.0.2.7', '[2001:db8::1:0:7]', '[::1]']) {
    await through(t, `http://${host}/`, proxySpec(`socks5://${proxy.host}`)).text()
  }
  t.deepEqual(
    proxy.asked.map(({ what }) => what),
    ['c0000207:80', '20010db8000000000000000100000007:80', `${'0'.repeat(31)}1:80`],
  )
})

test('each of the two gets its own headers and credentials', async t => {
  const { origin } = await target(t, 'http')
  const proxy = await httpProxy(t, origin)
  const http = {
    headers: [
      ['X-Both', 'target'],
      ['X-Target', 'ü'],
    ],
    auth: { type: 'basic', username: { value: 'tu' }, password: { value: 'tp' } },
    proxy: proxySpec(`http://${proxy.host}`, {
      headers: [
        ['X-Proxy', 'ß'],
        ['x-both', 'proxy'],
      ],
      connectHeaders: [['X-Connect', '1']],
      auth: { type: 'authorization', scheme: 'Bearer', credentials: { value: 'tok' } },
    }),
  } as const
  await fetching(t, 'http://some.invalid/', {}, { http }).text()
  const { headers } = proxy.asked[0]!
  t.like(headers, {
    host: 'some.invalid',
    authorization: 'Basic dHU6dHA=',
    'proxy-authorization': 'Bearer tok',
    'x-both': 'proxy',
  })
  t.is(Buffer.from(String(headers['x-target']), 'latin1').toString(), 'ü')
  t.is(Buffer.from(String(headers['x-proxy']), 'latin1').toString(), 'ß')
  t.false('x-connect' in headers)
})

test('a proxy that opens a tunnel gets what is for it, and nothing of the target', async t => {
  const { origin } = await target(t, 'https')
  const proxy = await httpProxy(t, origin)
  const http = {
    ...JOB.http,
    headers: [['X-Target', '1']],
    auth: { type: 'basic', username: { value: 'tu' }, password: { value: 'tp' } },
    proxy: proxySpec(`http://u%20ser:p:w@${proxy.host}`, {
      headers: [['X-Proxy', '1']],
      connectHeaders: [['X-Connect', '2']],
      auth: { type: 'authorization', scheme: 'Bearer', credentials: { value: 'unused' } },
    }),
  } as const
  await fetching(t, 'https://metrics.test/', {}, { http }).text()
  t.deepEqual(proxy.asked[0]!.headers, {
    host: 'metrics.test:443',
    'x-proxy': '1',
    'x-connect': '2',
    'proxy-authorization': `Basic ${Buffer.from('u ser:p:w').toString('base64')}`,
  })
})

test('hosts that need no proxy are asked without one', async t => {
  const { origin } = await target(t, 'http')
  const proxy = await httpProxy(t, origin)
  const spec = proxySpec(`http://${proxy.host}`, { noProxy: 'elsewhere.test' })
  t.is(await through(t, `${origin}/`, spec).text(), 'up 1\n')
  t.deepEqual(proxy.asked, [])
  t.is(await through(t, 'http://some.invalid/', spec).text(), 'up 1\n')
  t.is(proxy.asked.length, 1)
})

test('a redirect goes through the proxy as well', async t => {
  const seen: (string | undefined)[] = []
  const origin = await serve(t, (request, response) => {
    seen.push(request.headers.host)
    if (request.url === '/metrics') response.writeHead(302, { Location: 'http://other.invalid/moved' }).end()
    else response.end('up 1\n')
  })
  const proxy = await httpProxy(t, origin)
  t.is(await through(t, 'http://some.invalid/metrics', proxySpec(`http://${proxy.host}`)).text(), 'up 1\n')
  t.deepEqual(seen, ['some.invalid', 'other.invalid'])
})

test('what a proxy does not do is said', async t => {
  const { origin } = await target(t, 'https')
  const refusing = await httpProxy(t, origin, { refuse: 'HTTP/1.1 403 Forbidden' })
  const failing = await socksProxy(t, origin, { reply: 5 })
  const locked = await socksProxy(t, origin, { user: 'me:secret' })
  const babbling = await serveRaw(t, socket => socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n'))
  const ending = await serveRaw(t, socket => socket.end())
  for (const [proxy, words] of [
    [`http://${refusing.host}`, /refuses a tunnel to metrics\.test:443: HTTP\/1\.1 403 Forbidden/],
    [`socks5://${failing.host}`, /does not connect to metrics\.test:443: the connection is refused/],
    [`socks5://${locked.host}`, /wants a user and a password/],
    [`socks5://me:wrong@${locked.host}`, /does not accept this user and password/],
    [babbling, /does not speak HTTP/],
    [babbling.replace('http', 'socks5'), /does not speak SOCKS 5/],
    [ending, /the proxy closes the connection/],
    ['http://127.0.0.1:1', /ECONNREFUSED/],
  ] as const) {
    const error = await through(t, 'https://metrics.test/', proxySpec(proxy)).attempt()
    t.true(error instanceof TargetConnection, proxy)
    t.regex((error as Error).message, words)
    t.regex((error as Error).message, /cannot get https:\/\/metrics\.test\//)
  }
})

test('a status of the proxy is the status of the scrape', async t => {
  const proxy = await serve(t, (_, response) => response.writeHead(407).end())
  const outcome = await through(t, 'http://some.invalid/', proxySpec(proxy)).attempt()
  t.true(outcome instanceof TargetStatus && outcome.status === 407)
})

test('a proxy that says nothing is not waited for longer than for a target', async t => {
  const silent = await serveRaw(t, () => {})
  for (const url of ['http://some.invalid/', 'https://some.invalid/']) {
    const client = through(t, url, proxySpec(silent), 100)
    for (let i = 0; i < 2; i++) t.true((await client.attempt()) instanceof TargetTimeout)
  }
})

test('a proxy over TLS has to prove who it is', async t => {
  const { origin } = await target(t, 'http')
  const proxy = await httpProxy(t, origin, { tls: true })
  const spec = proxySpec(`https://${proxy.host}`, { tls: { insecureSkipVerify: false } })
  const error = await through(t, 'http://some.invalid/', spec).attempt()
  t.regex((error as Error).message, /unable to verify the first certificate/)
  t.deepEqual(proxy.asked, [])
})
