import { connect } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { ADMIN_DEFAULTS, type AdminOptions, AdminServer } from '../../../lib/admin/server.ts'
import { createLogger, LOGGER_DEFAULTS } from '../../../lib/control/log.ts'
import { checkExposition, seriesValue } from '../exposition-checker.ts'
import { FakeView } from '../fake-view.ts'
import { FakeSink } from './fake-sink.ts'

const PATH = '/api/v1/import/prometheus'

async function start(t: ExecutionContext, sink: FakeSink, options: Partial<AdminOptions> = {}) {
  const lines: string[] = []
  const logger = createLogger(LOGGER_DEFAULTS, { write: line => lines.push(line), nowMs: Date.now })
  const all = { ...ADMIN_DEFAULTS, listeners: [{ address: '127.0.0.1:0' }], closeGraceMs: 1000, ...options }
  const server = await AdminServer.open(all, new FakeView(), sink, logger)
  t.teardown(() => server.close())
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.ports[0]}${path}`, init)
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const push = (path: string, body = 'm 1\n', headers: Record<string, string> = {}) =>
    ask(path, { method: 'POST', body, headers })
  const metric = async (name: string, labels: Record<string, string> = {}) =>
    seriesValue(checkExposition((await ask('/metrics')).text), name, labels)
  return { lines, ask, push, metric, port: server.ports[0]! }
}

test('all forms of the path take bodies of any type, with any method', async t => {
  const sink = new FakeSink()
  const { ask, push } = await start(t, sink)
  for (const path of [PATH, `/prometheus${PATH}`, `${PATH}/`, `${PATH}/foo`, `${PATH}X`, `${PATH}?timestamp=1`]) {
    const { status, text, headers } = await push(path)
    t.is(status, 204, path)
    t.is(text, '')
    t.is(headers.get('content-type'), null)
    t.deepEqual(sink.pushes.at(-1)!.pieces.map(String), ['m 1\n'], path)
  }
  t.is((await push(`${PATH}/metrics/job/j`)).status, 200)
  t.deepEqual(sink.pushes.at(-1)!.spec.extraLabels, [{ name: 'job', value: 'j' }])
  for (const type of ['application/x-www-form-urlencoded', 'application/json', 'text', ';;', '']) {
    t.is((await push(PATH, 'm 1\n', { 'content-type': type })).status, 204, type)
    t.deepEqual(sink.pushes.at(-1)!.pieces.map(String), ['m 1\n'], type)
  }
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'POST']) {
    t.is((await ask(PATH, { method })).status, 204, method)
    t.deepEqual(sink.pushes.at(-1)!.pieces.map(String), [''], method)
  }
  t.is((await push('/api/v1/import')).status, 400)
})

test('what the request says goes with the body', async t => {
  const sink = new FakeSink()
  const { push } = await start(t, sink, { pathPrefix: '/agent' })
  const query = 'timestamp=1600000000000&extra_label=dc=east&extra_label=b=%20c'
  t.is(
    (await push(`/agent${PATH}/metrics/job/a%20b%2Fi/x?${query}`, 'm 1\n', { 'content-encoding': 'zstd' })).status,
    200,
  )
  t.deepEqual(sink.pushes[0]!.spec, {
    client: '127.0.0.1',
    encoding: 'zstd',
    timeMs: 1_600_000_000_000,
    extraLabels: [
      { name: 'job', value: 'a b' },
      { name: 'i', value: 'x' },
      { name: 'dc', value: 'east' },
      { name: 'b', value: ' c' },
    ],
  })
  t.is((await push(PATH)).status, 400)
})

test('a large body comes in pieces', async t => {
  const sink = new FakeSink()
  const { push } = await start(t, sink)
  const body = 'x'.repeat(1_000_000)
  t.is((await push(PATH, body)).status, 204)
  t.is(Buffer.concat(sink.pushes[0]!.pieces).toString(), body)
  t.true(sink.pushes[0]!.pieces.length > 10)
})

test('a request that is wrong is refused with its reason, and counted', async t => {
  const sink = new FakeSink()
  const { push, metric, lines } = await start(t, sink)
  for (const [path, headers, message] of [
    [`${PATH}?timestamp=bad`, {}, 'the query argument timestamp=bad is not a whole number of milliseconds\n'],
    [`${PATH}?extra_label=x`, {}, 'the query argument extra_label=x is not name=value\n'],
    [`${PATH}/metrics/job/a/b`, {}, `the path ${PATH}/metrics/job/a/b has no value for its label b\n`],
    [PATH, { 'content-encoding': 'br' }, /^Content-Encoding "br" is not known; known: identity, gzip, /],
  ] as const) {
    const { status, text } = await push(path, 'm 1\n', headers)
    t.is(status, 400, path)
    if (typeof message === 'string') t.is(text, message)
    else t.regex(text, message)
  }
  t.deepEqual(sink.pushes, [])
  const labels = { path: PATH, protocol: 'prometheusimport' }
  t.is(await metric('vmagent_http_requests_total', labels), 4)
  t.is(await metric('vmagent_http_request_errors_total', labels), 4)
  t.is(lines.filter(line => line.includes('answered 400 to POST /api/v1/import/prometheus')).length, 4)
})

test('whoever comes too soon is told when to come again', async t => {
  const sink = new FakeSink(true)
  const { push } = await start(t, sink, { push: { ...ADMIN_DEFAULTS.push, concurrentMax: 1, queueMsMax: 0 } })
  const first = push(PATH)
  await sink.until(() => sink.out === 1)
  const second = await push(PATH)
  t.is(second.status, 503)
  t.is(second.headers.get('retry-after'), '5')
  t.regex(second.text, /^too busy: /)
  sink.pushes[0]!.answer()
  t.is((await first).status, 204)
})

test('what a shard says of a body is the answer, and the connection goes on', async t => {
  const sink = new FakeSink(true)
  const { push } = await start(t, sink)
  for (const [code, status] of [
    ['BODY_INVALID', 400],
    ['BODY_TOO_LARGE', 413],
  ] as const) {
    const answer = push(PATH, 'x'.repeat(500_000))
    await sink.until(() => sink.out === 1)
    sink.pushes.at(-1)!.answer({ state: 'refused', error: { code, retryable: false, message: 'because' } })
    t.like(await answer, { status, text: 'because\n' })
  }
})

test('pushes need the password', async t => {
  const sink = new FakeSink()
  const { push } = await start(t, sink, { basicAuth: { username: 'me', password: { value: 'secret' } } })
  t.is((await push(PATH)).status, 401)
  t.deepEqual(sink.pushes, [])
  const authorization = `Basic ${Buffer.from('me:secret').toString('base64')}`
  t.is((await push(PATH, 'm 1\n', { authorization })).status, 204)
})

test('a client that goes away in the middle leaves nothing behind', async t => {
  const sink = new FakeSink()
  const { port, metric, lines } = await start(t, sink)
  const socket = connect(port, '127.0.0.1')
  socket.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(70_000)}`)
  await sink.until(() => sink.pushes[0]?.pieces.length === 1)
  socket.destroy()
  await sink.until(() => sink.pushes[0]!.cancelled)
  t.is(await metric('penstock_push_memory_bytes'), 0)
  t.is(await metric('vm_concurrent_insert_current'), 0)
  t.deepEqual(
    lines.filter(line => /warn|error/.test(line)),
    [],
  )
})
