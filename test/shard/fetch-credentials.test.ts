// Scrapes whose credentials come from elsewhere: tokens, and secrets at URLs.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { TargetClient } from '../../lib/shard/fetch.ts'
import { FetchJob } from '../../lib/shard/fetch-job.ts'
import { TargetTimeout } from '../../lib/shard/target-errors.ts'
import type { HttpSpec } from '../../shared/http-spec.ts'
import { TokenUnavailable } from '../../shared/oauth2.ts'
import { SecretUnreadable } from '../../shared/secret.ts'
import { fetching, JOB, serve } from '../support/fetching.ts'

const readFixture = (path: string) => readFileSync(join(import.meta.dirname, '../shared/fixtures', path))

const oauth2 = (tokenUrl: string): HttpSpec => ({
  headers: [],
  auth: {
    type: 'oauth2',
    clientId: 'id',
    clientSecret: { value: 'x' },
    tokenUrl,
    scopes: [],
    endpointParams: [],
    http: { headers: [] },
  },
})

const TARGET_DEFAULTS = {
  jobKey: 'job',
  labels: [],
  intervalMs: 60_000,
  timeoutMs: 30_000,
  offsetMs: 0,
  maxBodyBytes: 1 << 20,
  sampleLimit: 0,
  labelLimit: 0,
  seriesLimit: 0,
}

/** A target that notes the credentials of each request. */
async function target(t: ExecutionContext) {
  const authorizations: (string | undefined)[] = []
  const origin = await serve(t, (request, response) => {
    authorizations.push(request.headers.authorization)
    response.end('up 1\n')
  })
  return { origin, authorizations }
}

test('all targets of a job wait for one token', async t => {
  const { origin, authorizations } = await target(t)
  let tokens = 0
  const server = await serve(t, (_, response) => response.end(`{"access_token":"t${++tokens}","expires_in":3600}`))
  const job = new FetchJob({ ...JOB, http: oauth2(server) })
  const ended: string[] = []
  const clients = [1, 2, 3].map(number => {
    const spec = { ...TARGET_DEFAULTS, id: `${number}`, url: `${origin}/${number}` }
    return new TargetClient(spec, job, {
      fetched: client => void ended.push(`${client.target.id} ok`),
      failed: (client, error) => void ended.push(`${client.target.id} ${error.message}`),
      bodyBytesChanged: () => {},
    })
  })
  t.teardown(() => Promise.all(clients.map(client => client.close())))
  for (const client of clients) client.start()
  while (ended.length < 3) await sleep(5)
  t.deepEqual(ended.toSorted(), ['1 ok', '2 ok', '3 ok'])
  t.deepEqual(authorizations, ['Bearer t1', 'Bearer t1', 'Bearer t1'])
  t.is(tokens, 1)
})

test('without a token the target is not asked', async t => {
  const { origin, authorizations } = await target(t)
  const server = await serve(t, (_, response) => response.writeHead(500).end())
  const client = fetching(t, origin, {}, { http: oauth2(server) })
  for (let i = 0; i < 2; i++) t.true((await client.attempt()) instanceof TokenUnavailable)
  t.deepEqual(authorizations, [])
  t.is(client.ends, 2)
})

test('a fetch does not wait for its token any longer than for its target, and the next one uses it', async t => {
  const { origin, authorizations } = await target(t)
  const answer = Promise.withResolvers<void>()
  let tokens = 0
  const server = await serve(t, async (_, response) => {
    tokens++
    await answer.promise
    response.end('{"access_token":"late"}')
  })
  const client = fetching(t, origin, { timeoutMs: 100 }, { http: oauth2(server) })
  for (let i = 0; i < 2; i++) t.true((await client.attempt()) instanceof TargetTimeout)
  t.deepEqual(authorizations, [])
  let outcome = client.attempt()
  answer.resolve()
  let attempts = 1
  for (; (await outcome) instanceof TargetTimeout; attempts++) outcome = client.attempt()
  t.is(String(await outcome), 'up 1\n')
  t.is(authorizations.at(-1), 'Bearer late')
  t.true(authorizations.length <= attempts, 'those that had given up send nothing')
  t.is(tokens, 1)
  t.is(client.ends, attempts + 2)
})

test('a client that is closed while it waits sends nothing', async t => {
  const { origin, authorizations } = await target(t)
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const server = await serve(t, async (_, response) => {
    asked.resolve()
    await answer.promise
    response.end('{"access_token":"x"}')
  })
  const http = oauth2(server)
  const closing = fetching(t, origin, {}, { http })
  void closing.attempt()
  await asked.promise
  await closing.client.close()
  answer.resolve()
  await fetching(t, origin, {}, { http }).text()
  await sleep(20)
  t.is(authorizations.length, 1)
  t.is(closing.ends, 0)
})

test('credentials at a URL are fetched first', async t => {
  const { origin, authorizations } = await target(t)
  let status = 404
  const secrets = await serve(t, (request, response) => response.writeHead(status).end(`${request.url} \n`))
  const auth = { type: 'basic', username: { url: `${secrets}/u` }, password: { url: `${secrets}/p` } } as const
  const client = fetching(t, origin, {}, { http: { headers: [], auth } })
  t.true((await client.attempt()) instanceof SecretUnreadable)
  t.deepEqual(authorizations, [])
  status = 200
  let outcome: unknown
  do outcome = await client.attempt()
  while (outcome instanceof SecretUnreadable)
  t.is(String(outcome), 'up 1\n')
  t.deepEqual(authorizations, [`Basic ${Buffer.from('/u:/p').toString('base64')}`])
})

test('certificates at a URL are fetched before the connection opens', async t => {
  const origin = await serve(t, (_, response) => response.end('up 1\n'), 'https')
  const fixtures = await serve(t, (request, response) => response.end(readFixture(request.url!)))
  const tls = { ca: { url: `${fixtures}/ca.pem` }, insecureSkipVerify: false }
  t.is(await fetching(t, origin, {}, { http: { headers: [], tls } }).text(), 'up 1\n')
  const wrong = { ca: { url: `${fixtures}/client.pem` }, insecureSkipVerify: false }
  t.true((await fetching(t, origin, {}, { http: { headers: [], tls: wrong } }).attempt()) instanceof Error)
})

test('a header from a file follows its content', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-header-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'key')
  writeFileSync(file, 'old\n')
  const job = new FetchJob({ ...JOB, http: { headers: [], secretHeaders: [['X-Key', { file }]] } })
  const key = () => {
    const headers = job.headers(1000, false)
    return headers[headers.indexOf('X-Key') + 1]
  }
  t.is(key(), 'old')
  t.is(job.headers(1000, false), job.headers(1000, false))
  t.false(job.headers(1000, true).includes('X-Key'), 'not for another host')
  writeFileSync(file, 'new one\n')
  while (key() === 'old') await sleep(20)
  t.is(key(), 'new one')
})

for (const [what, httpOf] of [
  ['a token', oauth2],
  ['a secret', url => ({ headers: [], auth: { type: 'authorization', scheme: 'Bearer', credentials: { url } } })],
] as const satisfies readonly (readonly [string, (url: string) => HttpSpec])[]) {
  test(`a job that is closed does not wait for ${what} any more`, async t => {
    const asked = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const silent = await serve(t, request => {
      request.socket.on('close', () => ended.resolve())
      asked.resolve()
    })
    const job = new FetchJob({ ...JOB, http: httpOf(silent) })
    const waiting = t.throwsAsync(job.ready()!)
    await asked.promise
    job.close()
    await Promise.all([waiting, ended.promise])
    await t.throwsAsync(job.ready()!)
  })
}
