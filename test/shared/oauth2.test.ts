import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Authorizer } from '../../shared/authorize.ts'
import type { OAuth2Spec } from '../../shared/http-spec.ts'
import { TokenSource, TokenUnavailable } from '../../shared/oauth2.ts'
import { serve } from '../support/fetching.ts'
import { httpProxy } from '../support/proxies.ts'

type Request = { readonly authorization: string | undefined; readonly body: string }
type Answer = { readonly status?: number; readonly type?: string; readonly body: string }

const json = (fields: object): Answer => ({ body: JSON.stringify(fields) })

/** A token server that gives the answers one by one, the last again and again. */
async function tokenServer(t: ExecutionContext, ...answers: readonly Answer[]) {
  const requests: Request[] = []
  const origin = await serve(t, async (request, response) => {
    const body = (await request.toArray()).join('')
    const { status = 200, type = 'application/json', body: text } = answers[requests.length] ?? answers.at(-1)!
    requests.push({ authorization: request.headers.authorization, body })
    response.writeHead(status, { 'Content-Type': type }).end(text)
  })
  return { tokenUrl: `${origin}/token?a=b`, requests }
}

const specOf = (tokenUrl: string, fields: Partial<OAuth2Spec> = {}): OAuth2Spec => ({
  type: 'oauth2',
  clientId: 'id',
  clientSecret: { value: 'secret' },
  tokenUrl,
  scopes: [],
  endpointParams: [],
  http: { headers: [] },
  ...fields,
})

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

async function headerOf(tokens: TokenSource): Promise<string> {
  await tokens.ready()
  return tokens.header()
}

test('a token is asked for once and kept until shortly before it expires', async t => {
  const { tokenUrl, requests } = await tokenServer(
    t,
    json({ access_token: 'one', token_type: 'bearer', expires_in: 60 }),
    json({ access_token: 'two', expires_in: '3600' }),
  )
  let nowMs = 0
  const tokens = new TokenSource(specOf(tokenUrl), undefined, () => nowMs)
  const waiting = [tokens.ready(), tokens.ready(), tokens.ready()]
  t.throws(() => tokens.header(), { instanceOf: TokenUnavailable })
  await Promise.all(waiting)
  t.is(tokens.header(), 'Bearer one')
  nowMs = 49_999
  t.is(tokens.ready(), undefined)
  t.is(requests.length, 1)
  nowMs = 50_000
  t.is(await headerOf(tokens), 'Bearer two')
  nowMs += 3_000_000
  t.is(tokens.ready(), undefined)
  t.is(requests.length, 2)
})

test('a request says who asks, for what, and what else is configured', async t => {
  const { tokenUrl, requests } = await tokenServer(t, json({ access_token: 'x' }))
  const fields = {
    clientId: 'i d',
    clientSecret: { value: 'se:cret&' },
    scopes: ['one', 'two'],
    endpointParams: [
      ['audience', 'x y'],
      ['Z', '1'],
    ],
  } as const
  const tokens = new TokenSource(specOf(tokenUrl, fields))
  t.is(await headerOf(tokens), 'Bearer x')
  t.deepEqual(requests, [
    {
      authorization: basic('i+d:se%3Acret%26'),
      body: 'Z=1&audience=x+y&grant_type=client_credentials&scope=one+two',
    },
  ])
})

test('a token without an end is kept', async t => {
  const { tokenUrl } = await tokenServer(t, json({ access_token: 'x' }))
  let nowMs = 0
  const tokens = new TokenSource(specOf(tokenUrl), undefined, () => nowMs)
  await tokens.ready()
  nowMs = 1e12
  t.is(tokens.ready(), undefined)
})

test('a token with a short life is used for half of it', async t => {
  const { tokenUrl, requests } = await tokenServer(t, json({ access_token: 'x', expires_in: 5 }))
  let nowMs = 0
  const tokens = new TokenSource(specOf(tokenUrl), undefined, () => nowMs)
  await tokens.ready()
  nowMs = 2499
  t.is(tokens.ready(), undefined)
  nowMs = 2500
  await tokens.ready()
  t.is(tokens.header(), 'Bearer x')
  t.is(requests.length, 2)
})

test('a server that takes credentials in the body alone is asked so from then on', async t => {
  const { tokenUrl, requests } = await tokenServer(
    t,
    { status: 401, body: 'no' },
    json({ access_token: 'one', token_type: 'Custom', expires_in: 1 }),
  )
  let nowMs = 0
  const tokens = new TokenSource(specOf(tokenUrl), undefined, () => nowMs)
  t.is(await headerOf(tokens), 'Custom one')
  nowMs = 1000
  t.is(await headerOf(tokens), 'Custom one')
  const body = 'client_id=id&client_secret=secret&grant_type=client_credentials'
  t.deepEqual(requests, [
    { authorization: basic('id:secret'), body: 'grant_type=client_credentials' },
    { authorization: undefined, body },
    { authorization: undefined, body },
  ])
})

test('an answer may be a form', async t => {
  const form = { type: 'application/x-www-form-urlencoded', body: 'access_token=f%20x&token_type=mac&expires_in=60' }
  const { tokenUrl } = await tokenServer(t, form)
  t.is(await headerOf(new TokenSource(specOf(tokenUrl))), 'MAC f x')
})

test('a changed client secret gets another token', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-oauth2-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'secret')
  writeFileSync(file, 'first\n')
  const { tokenUrl, requests } = await tokenServer(t, json({ access_token: 'x', expires_in: 3600 }))
  let nowMs = 0
  const tokens = new TokenSource(specOf(tokenUrl, { clientSecret: { file } }), undefined, () => nowMs)
  await tokens.ready()
  writeFileSync(file, 'another\n')
  nowMs += 1000
  await tokens.ready()
  t.deepEqual(
    requests.map(({ authorization }) => authorization),
    [basic('id:first'), basic('id:another')],
  )
})

test('while no token is to be had the server is asked once a second at most, and the reason is told', async t => {
  const { tokenUrl, requests } = await tokenServer(
    t,
    { status: 400, body: '{"error":"invalid_client"}' },
    { status: 400, body: '{"error":"invalid_client"}' },
    json({ access_token: 'x' }),
  )
  let nowMs = 0
  const tokens = new TokenSource(specOf(tokenUrl), undefined, () => nowMs)
  for (let i = 0; i < 3; i++) {
    const error = await t.throwsAsync(tokens.ready()!, { instanceOf: TokenUnavailable })
    t.regex(error.message, /cannot get an OAuth 2 token from .*\/token\?a=b: .*status 400: .*invalid_client/)
    t.throws(() => tokens.header(), { instanceOf: TokenUnavailable })
  }
  t.is(requests.length, 2, 'one in either style')
  nowMs += 1000
  t.is(await headerOf(tokens), 'Bearer x')
})

for (const [what, answer, words] of [
  ['no JSON', { body: 'hello' }, /JSON/],
  ['no object', { body: '"x"' }, /no object/],
  ['no token', json({ token_type: 'bearer' }), /no access_token/],
  ['too much', { body: ' '.repeat(2 << 20) }, /more than 1048576 bytes/],
] as const) {
  test(`an answer that is ${what} is a failure`, async t => {
    const { tokenUrl } = await tokenServer(t, answer)
    await t.throwsAsync(new TokenSource(specOf(tokenUrl)).ready()!, { instanceOf: TokenUnavailable, message: words })
  })
}

test('a server that cannot be reached, or a secret that cannot be read, is a failure', async t => {
  const missing = specOf('http://127.0.0.1:1/', { clientSecret: { file: '/no/such/file' } })
  await t.throwsAsync(new TokenSource(missing).ready()!, { message: /no\/such\/file/ })
  await t.throwsAsync(new TokenSource(specOf('http://127.0.0.1:1/')).ready()!, { message: /ECONNREFUSED/ })
})

for (const scheme of ['http', 'https'] as const) {
  test(`a token server over ${scheme} may be asked through a proxy, with headers of its own`, async t => {
    const seen: (string | undefined)[] = []
    const answer = JSON.stringify({ access_token: 'x' })
    const origin = await serve(
      t,
      (request, response) => {
        seen.push(`${request.headers.host} ${request.headers['x-extra']}`)
        response.end(answer)
      },
      scheme,
    )
    const proxy = await httpProxy(t, origin)
    const http = {
      tls: { insecureSkipVerify: true },
      headers: [['X-Extra', '1']],
      proxy: { url: `http://u:p@${proxy.host}`, headers: [], connectHeaders: [], noProxy: '' },
    } as const
    t.is(await headerOf(new TokenSource(specOf(`${scheme}://tokens.test/t`, { http }))), 'Bearer x')
    t.deepEqual(seen, ['tokens.test 1'])
    t.is(proxy.asked[0]!.what, scheme === 'http' ? 'POST http://tokens.test/t' : 'CONNECT tokens.test:443')
    t.is(proxy.asked[0]!.headers['proxy-authorization'], basic('u:p'))
  })
}

test('an authorizer gives tokens like any other credentials', async t => {
  const { tokenUrl } = await tokenServer(t, json({ access_token: 'x' }))
  const authorizer = new Authorizer(specOf(tokenUrl))
  await authorizer.ready()
  t.is(authorizer.header(), 'Bearer x')
  t.is(authorizer.ready(), undefined)
})
