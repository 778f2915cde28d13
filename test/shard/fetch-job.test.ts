import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { FetchJob } from '../../lib/shard/fetch-job.ts'
import type { HttpSpec } from '../../shared/http-spec.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'
import { fetching, JOB, serve } from '../support/fetching.ts'

type Pairs = Record<string, string>

/** Names as they were sent, for that is what the wire shows. */
async function headersOf(t: ExecutionContext, target: Partial<TargetSpec>, job: Partial<JobSpec>): Promise<Pairs> {
  let headers: string[] = []
  const origin = await serve(t, (request, response) => {
    headers = request.rawHeaders
    response.end()
  })
  await fetching(t, origin, target, job).text()
  const pairs: Pairs = {}
  for (let i = 0; i < headers.length; i += 2) {
    t.false(headers[i]! in pairs, `${headers[i]} was sent once`)
    pairs[headers[i]!] = headers[i + 1]!.replace(origin.slice('http://'.length), 'TARGET')
  }
  return pairs
}

const authorizationOf = async (t: ExecutionContext, http: HttpSpec) => {
  const headers = await headersOf(t, {}, { http })
  return headers.Authorization
}

test('a request has the headers of vmagent', async t => {
  t.deepEqual(await headersOf(t, { timeoutMs: 1500 }, {}), {
    host: 'TARGET',
    connection: 'keep-alive',
    'User-Agent': 'vm_promscrape',
    Accept: 'text/plain;version=0.0.4;q=1,*/*;q=0.1',
    'X-Prometheus-Scrape-Timeout-Seconds': '1.500',
    'Accept-Encoding': 'gzip',
  })
})

test('targets of one job with different timeouts announce their own', t => {
  const job = new FetchJob(JOB)
  for (const [timeoutMs, seconds] of [
    [10_000, '10.000'],
    [250, '0.250'],
    [10_000, '10.000'],
  ] as const) {
    const headers = job.headers(timeoutMs, false)
    t.is(headers[headers.indexOf('X-Prometheus-Scrape-Timeout-Seconds') + 1], seconds)
    t.is(job.headers(timeoutMs, false), headers)
  }
})

test('disableCompression asks for no encoding', async t => {
  t.false('Accept-Encoding' in (await headersOf(t, {}, { disableCompression: true })))
})

test('headers of the user are added, take the place of others, and the last of a name wins', async t => {
  const http: HttpSpec = {
    headers: [
      ['X-One', 'first'],
      ['user-agent', 'me'],
      ['x-one', 'second'],
      ['Host', 'virtual.test'],
    ],
  }
  const headers = await headersOf(t, {}, { http })
  t.is(headers['x-one'], 'second')
  t.is(headers['user-agent'], 'me')
  t.is(headers.host, 'virtual.test')
  t.false('X-One' in headers || 'User-Agent' in headers)
})

test('what lies outside of ASCII is sent as UTF-8; headers that announce a body are not sent', async t => {
  const http: HttpSpec = {
    headers: [
      ['X-Place', 'Zürich ✓'],
      ['Content-Length', '5'],
      ['transfer-encoding', 'chunked'],
    ],
    auth: { type: 'authorization', scheme: 'Bearer', credentials: { value: 'tökén' } },
  }
  const headers = await headersOf(t, {}, { http })
  t.is(Buffer.from(headers['X-Place']!, 'latin1').toString(), 'Zürich ✓')
  t.is(Buffer.from(headers.Authorization!, 'latin1').toString(), 'Bearer tökén')
  t.false('Content-Length' in headers || 'transfer-encoding' in headers)
})

test('credentials come from basic_auth, authorization or the headers; the first two win', async t => {
  const headers = [['authorization', 'Raw abc']] as const
  const basic = { type: 'basic', username: { value: 'user' }, password: { value: 'pa:ss' } } as const
  const bearer = { type: 'authorization', scheme: 'Bearer', credentials: { value: 'tok-123' } } as const
  t.is(await authorizationOf(t, { headers: [], auth: basic }), 'Basic dXNlcjpwYTpzcw==')
  t.is(await authorizationOf(t, { headers: [], auth: bearer }), 'Bearer tok-123')
  t.is(await authorizationOf(t, { headers, auth: bearer }), 'Bearer tok-123')
  t.is((await headersOf(t, {}, { http: { headers } })).authorization, 'Raw abc')
})

test('credentials in the URL are used unless the job has some', async t => {
  const authorizationsOf = async (credentials: string, http: HttpSpec) => {
    const seen: (string | undefined)[] = []
    const origin = await serve(t, (request, response) => {
      seen.push(request.headers.authorization)
      response.end()
    })
    const target = fetching(t, origin.replace('//', `//${credentials}@`), {}, { http })
    for (let i = 0; i < 2; i++) await target.text()
    return [...new Set(seen)]
  }
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  const auth = { type: 'authorization', scheme: 'Bearer', credentials: { value: 'tok' } } as const
  t.deepEqual(await authorizationsOf('user:pass', { headers: [] }), [basic('user:pass')])
  t.deepEqual(await authorizationsOf('us%20er:p%3Aß', { headers: [] }), [basic('us er:p:ß')])
  t.deepEqual(await authorizationsOf('user', { headers: [['X-Other', '1']] }), [basic('user:')])
  t.deepEqual(await authorizationsOf('100%:1', { headers: [] }), [basic('100%:1')])
  t.deepEqual(await authorizationsOf('user:pass', { headers: [], auth }), ['Bearer tok'])
  t.deepEqual(await authorizationsOf('user:pass', { headers: [['authorization', 'Raw']] }), ['Raw'])
})

test('a token that is rotated is used by all targets of the job from then on', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-fetch-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const credentials = { file: join(folder, 'token') }
  writeFileSync(credentials.file, 'old\n')
  const auth = { type: 'authorization', scheme: 'Bearer', credentials } as const
  const job = new FetchJob({ ...JOB, http: { headers: [], auth } })
  const authorization = (timeoutMs: number) => {
    const headers = job.headers(timeoutMs, false)
    return headers[headers.indexOf('Authorization') + 1]
  }
  t.is(authorization(1000), 'Bearer old')
  t.is(authorization(2000), 'Bearer old')
  writeFileSync(credentials.file, 'newer\n')
  while (authorization(1000) === 'Bearer old') await new Promise(resolve => setTimeout(resolve, 50))
  t.is(authorization(1000), 'Bearer newer')
  t.is(authorization(2000), 'Bearer newer')
})
