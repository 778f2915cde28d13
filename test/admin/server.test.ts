import os from 'node:os'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { ADMIN_DEFAULTS, type AdminOptions, AdminServer } from '../../lib/admin/server.ts'
import { createLogger, LOGGER_DEFAULTS } from '../../lib/control/log.ts'
import { checkExposition, seriesValue } from './exposition-checker.ts'
import { FakeView } from './fake-view.ts'
import { NO_PUSHES } from './push/fake-sink.ts'

const RULE = {
  action: 'replace',
  sourceLabels: [],
  separator: ';',
  targetLabel: 'x',
  replacement: '1',
  modulus: 0,
}

async function start(t: ExecutionContext, options: Partial<AdminOptions> = {}) {
  const view = new FakeView()
  const lines: string[] = []
  const logger = createLogger(LOGGER_DEFAULTS, { write: line => lines.push(line), nowMs: Date.now })
  const server = await AdminServer.open(
    { ...ADMIN_DEFAULTS, listeners: [{ address: '127.0.0.1:0' }], closeGraceMs: 1000, ...options },
    view,
    NO_PUSHES,
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
    ['//targets/x', 400, 'unsupported path requested: "//targets/x"\n'],
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
  t.is((await ask('/nope')).status, 401)
  t.is((await ask('/nope', headers('me:secret'))).status, 400)
  t.is((await ask('/-/reload', { method: 'POST', body: 'x'.repeat(100_000) })).status, 401, 'before the body is read')
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
  view.urlRules = [RULE]
  const urlRules = '- url: 1:secret-url\n  relabel_config:\n  - target_label: x\n    replacement: "1"\n'
  for (const [path, yaml] of [
    ['config', view.configText()],
    ['remotewrite-relabel-config', view.relabelConfigText()],
    ['remotewrite-url-relabel-config', urlRules],
  ] as const) {
    const { headers, text } = await ask(`/${path}`)
    t.is(headers.get('content-type'), 'text/plain; charset=utf-8')
    t.is(text, yaml)
    const status = await ask(`/api/v1/status/${path}`)
    t.is(status.headers.get('content-type')?.startsWith('application/json'), true)
    t.deepEqual(JSON.parse(status.text), { status: 'success', data: { yaml } })
  }
  view.urlRules = undefined
  t.is((await ask('/remotewrite-url-relabel-config')).text, '- url: 1:secret-url\n  relabel_config: null\n')
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
  t.deepEqual(all.droppedTargets, [{ discoveredLabels: { __address__: 'z:9', kind: 'gone' } }])
  t.deepEqual(await data('?state=active'), { ...all, droppedTargets: [] })
  t.deepEqual(await data('?state=dropped'), { ...all, activeTargets: [] })
  t.deepEqual(await data('?state=nonsense'), { activeTargets: [], droppedTargets: [] })
  t.deepEqual(await data('?scrapePool=none'), { ...all, activeTargets: [] })
})

test('the page of targets is text for tools', async t => {
  const { ask } = await start(t)
  const { text, headers } = await ask('/targets?show_original_labels=true')
  t.is(headers.get('content-type'), 'text/plain; charset=utf-8')
  const [job, up, down, unknown, empty] = text.split('\n')
  t.is(job, 'job=j (1/3 up)')
  t.regex(
    up!,
    /^\tstate=up, endpoint=http:\/\/a:1\/metrics, labels=\{instance="a:1",job="j"\}, originalLabels=\{__addr/,
  )
  t.regex(down!, /, scrapes_total=3, scrapes_failed=1, last_scrape=[\d.]+s ago, scrape_duration=12ms, /)
  t.regex(down!, /^\tstate=down.*, scrape_response_size=2KiB, samples_scraped=5, shard=1, error=<refused> & "gone"$/)
  t.regex(unknown!, /^\tstate=unknown.*, last_scrape=never scraped, .*, scrape_response_size=never scraped, /)
  t.is(empty, 'job=empty (0/0 up)')
})

test('targets are filtered by health, URL and labels', async t => {
  const { ask } = await start(t)
  const found = async (query: string) => {
    const { text } = await ask(`/targets?${query}`)
    return [...text.matchAll(/endpoint=http:\/\/(\w)/g)].map(match => match[1]).join('')
  }
  t.is(await found('show_only_unhealthy=true'), 'bc')
  t.is(await found('endpoint_search=[ab]:'), 'ab')
  t.is(await found('endpoint_search=[ab]:&show_only_unhealthy=1'), 'b')
  t.is(await found(`label_search=${encodeURIComponent('{instance=~"[bc]:.+"}')}`), 'bc')
  t.is((await ask('/targets?endpoint_search=none')).text, '', 'jobs without targets are not told then')
})

test('a wrong filter is refused with the reason, on the page too', async t => {
  const { ask } = await start(t)
  const headers = { accept: 'text/html' }
  for (const path of ['/targets', '/service-discovery']) {
    const { status, text } = await ask(`${path}?endpoint_search=%5B`, { headers })
    t.is(status, 400)
    t.regex(text, /<p class="alert">argument endpoint_search: .*missing closing ]/)
    t.true(text.includes('name="endpoint_search" value="["'), 'it can be corrected there')
  }
  const { status, text } = await ask('/targets?label_search=%7B')
  t.is(status, 400)
  t.regex(text, /^argument label_search: selector "\{" is not valid/)
})

test('browsers get pages, which load nothing and link to each other from wherever they are', async t => {
  const { ask } = await start(t)
  const headers = { accept: 'text/html,*/*' }
  for (const path of ['/', '/targets', '/service-discovery', '/metric-relabel-debug', '/target-relabel-debug']) {
    const page = await ask(path, { headers })
    t.is(page.status, 200)
    t.is(page.headers.get('content-type'), 'text/html; charset=utf-8')
    const policy = page.headers.get('content-security-policy')!
    t.regex(policy, /^default-src 'none'; style-src 'sha256-/)
    t.false(policy.includes('unsafe'))
    t.true(page.text.includes('href="./targets"'), path)
    t.notRegex(page.text, /<script|src=|style="/)
  }
  t.true((await ask('/prometheus/targets', { headers })).text.includes('href="../service-discovery"'))
})

test('the page of discovered targets counts what is dropped, and filters it by what it was', async t => {
  const { ask } = await start(t)
  const { text } = await ask('/service-discovery')
  t.true(text.includes('(0/3 active; 3 dropped: relabeling)'))
  t.true(text.includes('DROPPED (relabeling)'))
  const rows = async (query: string) => (await ask(`/service-discovery?${query}`)).text.split('<tr class="').length - 1
  t.is(await rows(''), 4)
  t.is(await rows('endpoint_search=z:9'), 1)
  t.is(await rows(`label_search=${encodeURIComponent('{kind="gone"}')}`), 1)
  t.is(await rows(`label_search=${encodeURIComponent('{__address__="a:1"}')}`), 1)
  t.is(await rows('show_only_unhealthy=true'), 3)
})

test('relabeling is traced for forms and for tools', async t => {
  const { ask } = await start(t)
  const args = { metric: 'm{a="1"}', relabel_configs: '- {target_label: b, replacement: x}\n' }
  const form = await ask('/metric-relabel-debug', { method: 'POST', body: new URLSearchParams(args) })
  t.is(form.status, 200)
  t.true(form.text.includes('<ins>b=&quot;x&quot;</ins>'))
  const answer = await ask(`/target-relabel-debug?${new URLSearchParams({ ...args, format: 'json' })}`)
  t.is(JSON.parse(answer.text).status, 'success')
  const wrong = new URLSearchParams({ ...args, relabel_configs: '- {action: no}' })
  const page = await ask(`/metric-relabel-debug?${wrong}`)
  t.is(page.status, 400)
  t.regex(page.text, /<p class="alert">relabel_configs:1:12: .*unknown action &quot;no&quot;/)
  const json = await ask(`/metric-relabel-debug?${wrong}&format=json`)
  t.is(json.status, 200, 'as in vmagent, the answer itself says that it is an error')
  t.is(JSON.parse(json.text).status, 'error')
})

test('what a target answers is shown as text, inflated', async t => {
  const { view, ask } = await start(t)
  const answer = (body: Uint8Array, encoding: 'gzip' | 'identity') =>
    ({ ok: true, contentType: 'text/html', encoding, body }) as const
  view.responses.set('plain', answer(Buffer.from('<script>1</script>\n'), 'identity'))
  view.responses.set('gzip', answer(gzipSync('m 1\n'), 'gzip'))
  view.responses.set('broken', answer(Buffer.from('m 1\n'), 'gzip'))
  view.responses.set('down', { ok: false, error: { code: 'TARGET_STATUS', retryable: true, message: 'answered 500' } })
  view.responses.set('busy', { ok: false, error: { code: 'LIMIT_EXCEEDED', retryable: true, message: 'too many' } })
  const plain = await ask('/target_response?id=plain')
  t.deepEqual([plain.status, plain.text], [200, '<script>1</script>\n'])
  t.is(plain.headers.get('content-type'), 'text/plain; charset=utf-8')
  t.is(plain.headers.get('x-content-type-options'), 'nosniff')
  t.is((await ask('/prometheus/target_response?id=gzip')).text, 'm 1\n')
  t.deepEqual((await ask('/target_response?id=down')).text, 'answered 500\n')
  for (const [id, status] of [
    ['broken', 502],
    ['down', 502],
    ['busy', 503],
    ['nonsense', 400],
  ] as const) {
    t.is((await ask(`/target_response?id=${id}`)).status, status, id)
  }
  t.is((await ask('/target_response')).text, 'argument id: there is no target with the id ""\n')
})

test('answers are compressed for who takes it, unless that is turned off', async t => {
  const { ask } = await start(t)
  const headers = { 'accept-encoding': 'gzip', accept: 'text/html' }
  const page = await ask('/targets', { headers })
  t.deepEqual([page.headers.get('content-encoding'), page.headers.get('vary')], ['gzip', 'Accept-Encoding'])
  t.true(page.text.startsWith('<!DOCTYPE html>'))
  t.is((await ask('/health', { headers })).headers.get('content-encoding'), null)
  const plain = await start(t, { compression: false })
  t.is((await plain.ask('/targets', { headers })).headers.get('content-encoding'), null)
})

test('headers of the user are on every answer', async t => {
  const headers = { hsts: 'max-age=9', frameOptions: 'DENY', csp: "default-src 'self'", serverHostname: false }
  const { ask } = await start(t, { headers })
  for (const path of ['/', '/health', '/nope']) {
    const answer = await ask(path)
    t.is(answer.headers.get('strict-transport-security'), 'max-age=9')
    t.is(answer.headers.get('x-frame-options'), 'DENY')
    t.is(answer.headers.get('content-security-policy'), "default-src 'self'")
    t.is(answer.headers.get('x-server-hostname'), null)
  }
  t.is((await (await start(t)).ask('/health')).headers.get('x-server-hostname'), os.hostname())
})

test('a long URL is refused with the way out', async t => {
  const { ask } = await start(t)
  const { status, text } = await ask(`/metric-relabel-debug?metric=${'x'.repeat(17_000)}`)
  t.is(status, 400)
  t.regex(text, /^URL: 17\d+ bytes, at most 16384 are taken; give long arguments as a form/)
  const body = new URLSearchParams({ metric: 'x'.repeat(17_000), format: 'json' })
  t.is((await ask('/metric-relabel-debug', { method: 'POST', body })).status, 200)
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
  const { server } = await start(t, { listeners: [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0' }] })
  t.is(server.ports.length, 2)
  for (const port of server.ports) t.is((await fetch(`http://127.0.0.1:${port}/health`)).status, 200)
})

test('if one address cannot be had, none is kept', async t => {
  const { server } = await start(t)
  const taken = `127.0.0.1:${server.ports[0]}`
  const logger = createLogger(LOGGER_DEFAULTS, { write: () => {}, nowMs: Date.now })
  const options = { ...ADMIN_DEFAULTS, listeners: [{ address: '127.0.0.1:0' }, { address: taken }] }
  await t.throwsAsync(AdminServer.open(options, new FakeView(), NO_PUSHES, logger), { code: 'FLAG_INVALID' })
})

test('before it closes the server tells so for a while', async t => {
  const { server, ask } = await start(t, { closeDelayMs: 1500 })
  const closed = server.close()
  const { status } = await ask('/health')
  t.is(status, 503)
  await closed
  await t.throwsAsync(ask('/health'))
})
