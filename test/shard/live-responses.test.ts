import { gunzipSync, gzipSync } from 'node:zlib'
import test from 'ava'
import { FetchJob } from '../../lib/shard/fetch-job.ts'
import { LiveResponses } from '../../lib/shard/live-responses.ts'
import { serve } from '../support/fetching.ts'
import { jobOf, targetOf } from '../support/specs.ts'

const targetAt = (url: string, maxBodyBytes = 1000) => ({ ...targetOf(1), url: `${url}/metrics`, maxBodyBytes })
const textOf = (body: Uint8Array) => Buffer.from(body).toString()

test('a target is asked as a scrape would ask it, and its answer comes as it is', async t => {
  const seen: (string | undefined)[] = []
  const url = await serve(t, (request, response) => {
    seen.push(request.headers.authorization, request.headers['user-agent'])
    response.setHeader('content-type', 'text/html').setHeader('content-encoding', 'gzip')
    response.end(gzipSync('m 1\n'))
  })
  let bodyBytes = 0
  const responses = new LiveResponses(delta => {
    bodyBytes += delta
  })
  const auth = { type: 'authorization', scheme: 'Bearer', credentials: { value: 'token' } } as const
  const response = await responses.fetch(targetAt(url), new FetchJob({ ...jobOf('j'), http: { auth, headers: [] } }))
  t.like(response, { ok: true, contentType: 'text/html', encoding: 'gzip' })
  t.deepEqual(response.ok && gunzipSync(response.body).toString(), 'm 1\n')
  t.deepEqual(seen, ['Bearer token', 'vm_promscrape'])
  t.is(bodyBytes, 0, 'nothing is kept')
})

test('what keeps a target from being scraped is told', async t => {
  const url = await serve(t, (request, response) => {
    response.statusCode = request.url === '/metrics' ? 200 : 500
    response.end('x'.repeat(2000))
  })
  const responses = new LiveResponses(() => {})
  const fetch = (path: string) => responses.fetch({ ...targetAt(url), url: url + path }, new FetchJob(jobOf('j')))
  t.like(await fetch('/metrics'), { ok: false, error: { code: 'BODY_TOO_LARGE' } })
  t.like(await fetch('/other'), { ok: false, error: { code: 'TARGET_STATUS' } })
})

test('only a few answers are fetched at a time, and closing gives them up', async t => {
  const arrived = Promise.withResolvers<void>()
  let requests = 0
  const url = await serve(t, () => {
    if (++requests === 4) arrived.resolve()
  })
  const responses = new LiveResponses(() => {})
  const job = new FetchJob(jobOf('j'))
  const target = { ...targetAt(url), timeoutMs: 60_000 }
  const pending = [1, 2, 3, 4].map(() => responses.fetch(target, job))
  t.like(await responses.fetch(target, job), { ok: false, error: { code: 'LIMIT_EXCEEDED', retryable: true } })
  await arrived.promise
  await responses.close()
  for (const response of await Promise.all(pending)) t.like(response, { ok: false })
})

test('another answer can be fetched when one is through', async t => {
  const url = await serve(t, (_, response) => response.end('m 1\n'))
  const responses = new LiveResponses(() => {})
  const job = new FetchJob(jobOf('j'))
  for (let turn = 0; turn < 6; turn++) {
    const response = await responses.fetch(targetAt(url), job)
    t.is(response.ok && textOf(response.body), 'm 1\n')
  }
})
