import test, { type ExecutionContext } from 'ava'
import { ADMIN_DEFAULTS, type AdminOptions, AdminServer } from '../../lib/admin/server.ts'
import { createLogger, LOGGER_DEFAULTS } from '../../lib/control/log.ts'
import { checkExposition, seriesValue } from './exposition-checker.ts'
import { FakeView } from './fake-view.ts'

async function start(t: ExecutionContext, options: Partial<AdminOptions> = {}) {
  const view = new FakeView()
  const lines: string[] = []
  const logger = createLogger(LOGGER_DEFAULTS, { write: line => lines.push(line), nowMs: Date.now })
  const server = await AdminServer.open(
    { ...ADMIN_DEFAULTS, listenAddrs: ['127.0.0.1:0'], closeGraceMs: 1000, ...options },
    view,
    logger,
  )
  t.teardown(() => server.close())
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${server.ports[0]}${path}`, { redirect: 'manual', ...init })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  return { view, lines, server, ask }
}

test('probes get the answers that vmagent gives', async t => {
  const { ask } = await start(t)
  for (const [path, status, text] of [
    ['/health', 200, 'OK'],
    ['/-/healthy', 200, 'VictoriaMetrics is Healthy.\n'],
    ['/-/ready', 200, 'VictoriaMetrics is Ready.\n'],
    ['/ready', 200, 'OK'],
    ['/prometheus/-/healthy', 400, 'unsupported path requested: "/prometheus/-/healthy"\n'],
    ['/nope', 400, 'unsupported path requested: "/nope"\n'],
    ['/api/v1/query?query=up', 400, 'unsupported path requested: "/api/v1/query"\n'],
    ['//health', 400, 'unsupported path requested: "//health"\n'],
    ['/health/', 400, 'unsupported path requested: "/health/"\n'],
    ['/static/nope.css', 404, '404 page not found\n'],
    ['/%zz', 400, 'unsupported path requested: "/%zz"\n'],
    ['/robots.txt', 200, 'User-agent: *\nDisallow: /\n'],
  ] as const) {
    const answer = await ask(path)
    t.is(answer.status, status, path)
    t.is(answer.text, text, path)
    t.is(answer.headers.get('content-type'), 'text/plain; charset=utf-8', path)
  }
  t.is((await ask('/favicon.ico')).status, 200)
})

test('any method is as good as GET, but on the index page', async t => {
  const { ask } = await start(t)
  for (const method of ['HEAD', 'PUT', 'DELETE', 'POST']) {
    t.is((await ask('/health', { method })).status, 200, method)
    t.is((await ask('/metrics', { method })).status, 200, method)
    t.is((await ask('/', { method })).status, 400, method)
  }
  const preflight = await ask('/whatever', { method: 'OPTIONS' })
  t.is(preflight.status, 204)
  t.is(preflight.headers.get('access-control-allow-origin'), '*')
  const closed = await start(t, { cors: false })
  t.is((await closed.ask('/whatever', { method: 'OPTIONS' })).status, 400)
})

test('the agent is ready once every job has discovered its targets', async t => {
  const { view, ask } = await start(t)
  view.jobsLeft = 2
  for (const path of ['/ready', '/-/ready']) {
    t.deepEqual((await ask(path)).status, 425)
    t.is((await ask(path)).text, 'waiting for scrapes to init, left: 2')
  }
  t.is((await ask('/health')).status, 200)
})

test('a reload that fails says why and answers 500', async t => {
  const { view, ask } = await start(t)
  t.deepEqual([(await ask('/-/reload')).status, (await ask('/-/reload', { method: 'POST' })).status], [200, 200])
  view.reloadResult = { ok: false, message: 'scrape.yml:3:5: unknown field "scrape_intervall"' }
  const { status, text } = await ask('/prometheus/-/reload')
  t.is(status, 500)
  t.is(text, 'scrape.yml:3:5: unknown field "scrape_intervall"\n')
  t.is(view.reloads, 3)
})

test('keys are taken from the query or a form; without them nothing happens', async t => {
  const authKeys = {
    metrics: { value: 'mk' },
    reload: { value: 'rk' },
    flags: { value: 'fk' },
    config: { value: 'ck' },
  }
  const { view, lines, ask } = await start(t, { authKeys })
  for (const [path, status] of [
    ['/metrics', 401],
    ['/metrics?authKey=mk', 200],
    ['/metrics?authKey=bad', 401],
    ['/-/reload', 401],
    ['/-/reload?authKey=mk', 401],
    ['/flags', 401],
    ['/flags?authKey=fk', 200],
    ['/config', 401],
    ['/config?authKey=ck', 200],
    ['/api/v1/status/config', 401],
    ['/health', 200],
    ['/targets', 200],
  ] as const) {
    t.is((await ask(path)).status, status, path)
  }
  t.is(view.reloads, 0)
  t.is((await ask('/-/reload', { method: 'POST', body: new URLSearchParams({ authKey: 'rk' }) })).status, 200)
  t.is(view.reloads, 1)
  t.false(lines.join('').includes('authKey=bad'), 'keys do not get into the log')
})

test('user and password are asked for everywhere but for probes', async t => {
  const { ask } = await start(t, { authKeys: {}, basicAuth: { username: 'me', password: { value: 'secret' } } })
  const headers = (text: string) => ({ headers: { authorization: `Basic ${btoa(text)}` } })
  for (const path of ['/metrics', '/targets', '/-/reload', '/api/v1/targets', '/', '/config', '/flags', '/ready']) {
    t.is((await ask(path)).status, 401, path)
    t.is((await ask(path, headers('me:secret'))).status, 200, path)
    t.is((await ask(path, headers('me:wrong'))).status, 401, path)
  }
  for (const path of ['/health', '/-/healthy', '/-/ready']) t.is((await ask(path)).status, 200, path)
  t.is((await ask('/metrics')).headers.get('www-authenticate'), 'Basic realm="VictoriaMetrics"')
})

test('metrics include those of the server itself', async t => {
  const { ask } = await start(t, { exposeMetadata: true })
  await ask('/targets')
  await ask('/nope')
  await ask('/metrics')
  const { headers, text } = await ask('/metrics')
  t.is(headers.get('content-type'), 'text/plain; charset=utf-8')
  const checked = checkExposition(text)
  t.is(seriesValue(checked, 'vm_http_requests_total', { path: '/metrics' }), 2)
  t.is(seriesValue(checked, 'vmagent_http_requests_total', { path: '/targets' }), 1)
  t.is(seriesValue(checked, 'vm_http_requests_all_total'), 4)
  t.is(seriesValue(checked, 'vm_http_request_errors_total', { path: '*', reason: 'unsupported' }), 1)
  t.true(seriesValue(checked, 'vm_tcplistener_read_bytes_total', { name: 'http', addr: '127.0.0.1:0' })! > 100)
  t.true(text.includes('# TYPE vm_http_requests_total counter\n'))
})

test('the configuration is shown as it is given, flags as far as they were set', async t => {
  const { view, ask } = await start(t)
  t.is((await ask('/config')).text, view.configText())
  t.deepEqual(JSON.parse((await ask('/api/v1/status/config')).text), {
    status: 'success',
    data: { yaml: view.configText() },
  })
  t.is((await ask('/remotewrite-relabel-config')).text, view.relabelConfigText())
  t.is((await ask('/flags')).text, '-promscrape.config="a \\"b\\".yml"\n-remoteWrite.url="secret"\n')
})

test('targets are told as Prometheus does', async t => {
  const { ask } = await start(t)
  const data = async (query: string) => JSON.parse((await ask(`/api/v1/targets${query}`)).text).data
  const all = await data('')
  t.deepEqual(all, await data('?state=any'))
  t.deepEqual(all.activeTargets[1], {
    discoveredLabels: { __address__: 'b:2' },
    labels: { instance: 'b:2', job: 'j' },
    scrapePool: 'j',
    scrapeUrl: 'http://b:2/metrics',
    lastError: '<refused> & "gone"',
    lastScrape: '2026-01-02T03:04:05.000Z',
    lastScrapeDuration: 0.012,
    lastSamplesScraped: 5,
    health: 'down',
  })
  t.is(all.activeTargets[2].health, 'unknown')
  t.deepEqual(all.droppedTargets, [{ discoveredLabels: { __address__: 'z:9' } }])
  t.deepEqual(await data('?state=active'), { ...all, droppedTargets: [] })
  t.deepEqual(await data('?state=dropped'), { ...all, activeTargets: [] })
  t.deepEqual(await data('?state=nonsense'), { activeTargets: [], droppedTargets: [] })
  t.deepEqual(await data('?scrapePool=none'), { ...all, activeTargets: [] })
})

test('the page of targets is text for tools and HTML for browsers, which shows no markup of targets', async t => {
  const { ask } = await start(t)
  const { text, headers } = await ask('/targets?show_original_labels=true')
  t.is(headers.get('content-type'), 'text/plain; charset=utf-8')
  const [job, up, down, unknown] = text.split('\n')
  t.is(job, 'job=j (1/3 up)')
  t.regex(
    up!,
    /^\tstate=up, endpoint=http:\/\/a:1\/metrics, labels=\{instance="a:1",job="j"\}, originalLabels=\{__addr/,
  )
  t.regex(down!, /^\tstate=down.*, samples_scraped=5, shard=1, error=<refused> & "gone"$/)
  t.regex(unknown!, /^\tstate=unknown.*, last_scrape=never, /)
  const unhealthy = (await ask('/targets?show_only_unhealthy=true')).text
  t.false(unhealthy.includes('http://a:1/'))
  t.true(unhealthy.includes('http://b:2/'))
  const page = await ask('/targets', { headers: { accept: 'text/html,*/*' } })
  t.is(page.headers.get('content-type'), 'text/html; charset=utf-8')
  t.true(page.text.includes('&lt;refused&gt; &amp; &quot;gone&quot;'))
  t.false(page.text.includes('<refused>'))
  t.is(page.headers.get('content-security-policy')?.startsWith("default-src 'none'"), true)
  t.true((await ask('/service-discovery')).text.includes('dropped: relabeling'))
  t.true((await ask('/')).text.includes('href="targets"'))
})

test('a view that fails costs one answer, not the server', async t => {
  const { view, lines, ask } = await start(t)
  view.failing = true
  const page = await ask('/targets')
  t.deepEqual([page.status, page.text], [500, 'no shard answers\n'])
  const api = await ask('/api/v1/targets')
  t.is(api.status, 500)
  t.deepEqual(JSON.parse(api.text), { status: 'error', errorType: 'internal', error: 'no shard answers' })
  t.is(lines.filter(line => line.includes('\terror\t')).length, 2)
  t.is((await ask('/metrics')).status, 200)
})

test('a body that is too large is refused', async t => {
  const { ask } = await start(t)
  t.is((await ask('/-/reload', { method: 'POST', body: 'x'.repeat(100_000) })).status, 413)
  t.is(
    (await ask('/-/reload', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status,
    200,
  )
})

test('with a prefix only paths below it exist', async t => {
  const { ask } = await start(t, { pathPrefix: 'pre/fix/' })
  for (const [path, status] of [
    ['/pre/fix/health', 200],
    ['/health', 400],
    ['/pre/fix/metrics', 200],
    ['/pre/fix/-/healthy', 200],
    ['/pre/fix', 302],
    ['/pre/fix/', 200],
    ['/', 400],
    ['/pre/other', 400],
    ['/-/reload', 400],
    ['/pre/fix/-/reload', 200],
    ['/pre/fix/static/x', 404],
  ] as const) {
    t.is((await ask(path)).status, status, path)
  }
  t.is((await ask('/pre/fix')).headers.get('location'), '/pre/fix/')
})

test('several addresses serve the same', async t => {
  const { server } = await start(t, { listenAddrs: ['127.0.0.1:0', '127.0.0.1:0'] })
  t.is(server.ports.length, 2)
  for (const port of server.ports) t.is((await fetch(`http://127.0.0.1:${port}/health`)).status, 200)
})

test('if one address cannot be had, none is kept', async t => {
  const { server } = await start(t)
  const taken = `127.0.0.1:${server.ports[0]}`
  const logger = createLogger(LOGGER_DEFAULTS, { write: () => {}, nowMs: Date.now })
  const options = { ...ADMIN_DEFAULTS, listenAddrs: ['127.0.0.1:0', taken] }
  await t.throwsAsync(AdminServer.open(options, new FakeView(), logger), { code: 'FLAG_INVALID' })
})

test('before it closes the server tells so for a while', async t => {
  const { server, ask } = await start(t, { closeDelayMs: 1500 })
  const closed = server.close()
  const { status } = await ask('/health')
  t.is(status, 503)
  await closed
  await t.throwsAsync(ask('/health'))
})
