import type { IncomingMessage, ServerResponse } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import { DEFAULT_SCRAPE_OPTIONS } from '../../../lib/control/config/types.ts'
import { type HttpSdConfig, httpProvider } from '../../../lib/control/discovery/http.ts'
import { parseYaml } from '../../../lib/yaml/source.ts'
import { discovering, discoveryContext } from '../../support/discovering.ts'
import { serve } from '../../support/fetching.ts'

const CONFIG: HttpSdConfig = {
  kind: 'http_sd_configs',
  url: '',
  http: { headers: [] },
  followRedirects: true,
  intervalMs: 20,
}

/** A server whose answer can be changed, and a discoverer that asks it. */
async function discover(t: ExecutionContext, path: string, config: Partial<HttpSdConfig> = {}) {
  const server = {
    answer: (_: IncomingMessage, response: ServerResponse): unknown => response.end('[]'),
    requests: [] as IncomingMessage[],
  }
  const origin = await serve(t, (request, response) => {
    server.requests.push(request)
    server.answer(request, response)
  })
  const context = discoveryContext()
  const start = (body: string) => {
    server.answer = (_, response) => response.end(body)
    const url = origin + path
    return discovering(t, httpProvider.open({ ...CONFIG, url, ...config }, context))
  }
  return { origin, server, context, start }
}

test('the targets of a list are found, with the URL as a label', async t => {
  const { origin, server, context, start } = await discover(t, '/list?x=1', { intervalMs: 60_000 })
  const { started, told } = start('[{"targets": ["a:1", "b:1"], "labels": {"l": "1", "__meta_url": "own"}}, {}]')
  await started
  const common = { kind: 'http_sd_configs', source: `${origin}/list?x=1` }
  t.deepEqual<unknown, unknown>(told, [
    [
      { ...common, targets: ['a:1', 'b:1'], labels: { l: '1', __meta_url: `${origin}/list?x=1` } },
      { ...common, targets: [], labels: { __meta_url: `${origin}/list?x=1` } },
    ],
  ])
  t.is(server.requests[0]!.url, '/list?x=1')
  t.like(server.requests[0]!.headers, {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'x-prometheus-refresh-interval-seconds': '60',
  })
  t.deepEqual(context.traffic, { requests: 1, retries: 0 })
})

for (const [intervalMs, seconds] of [
  [300, '0'],
  [500, '0'],
  [501, '1'],
  [1500, '2'],
  [2500, '2'],
  [90_000, '90'],
] as const) {
  test(`an interval of ${intervalMs} ms is told as ${seconds} s`, async t => {
    const { server, start } = await discover(t, '/', { intervalMs })
    await start('[]').started
    t.is(server.requests[0]!.headers['x-prometheus-refresh-interval-seconds'], seconds)
  })
}

test('a list that fails or makes no sense leaves the targets as they are, and is counted', async t => {
  const { origin, server, start } = await discover(t, '/list')
  const { discoverer, becomes, until, told, problems } = start('[{"targets": ["a:1"]}]')
  await becomes('a:1')
  server.answer = (_, response) => response.writeHead(503).end()
  await until(() => problems.length >= 2)
  t.deepEqual(new Set(problems), new Set([`${origin}/list answered 503`]))
  server.answer = (_, response) => response.writeHead(201).end('[]')
  await until(() => problems.at(-1) === `${origin}/list answered 201`)
  const { fetch } = discoverer.endpoint!
  t.true(fetch >= 3)
  server.answer = (_, response) => response.end('[{"targets": ["b:1"]},\n {"labels": 5}]')
  await until(() => problems.at(-1) === `${origin}/list:2:13: [1].labels: expected a map, found 5`)
  t.deepEqual(discoverer.endpoint, { url: `${origin}/list`, fetch, parse: discoverer.endpoint!.parse })
  t.true(discoverer.endpoint!.parse >= 1)
  t.is(told.length, 1)
  server.answer = (_, response) => response.end('[{"targets": ["b:1"]}]')
  await becomes('b:1')
})

test('credentials of the URL are in no message', async t => {
  const { origin, server, start } = await discover(t, '/', {})
  const url = origin.replace('//', '//user:word@')
  const seen = discovering(t, httpProvider.open({ ...CONFIG, url }, discoveryContext()))
  await seen.started
  server.answer = (_, response) => response.writeHead(500).end()
  await seen.until(() => seen.problems.length > 0)
  t.is(server.requests[0]!.headers.authorization, `Basic ${Buffer.from('user:word').toString('base64')}`)
  for (const text of [...seen.problems, seen.discoverer.endpoint!.url]) t.notRegex(text, /word/)
  t.truthy(start)
})

/** Reads one entry; gives it, and the problems of its job. */
function read(yaml: string) {
  const problems: Error[] = []
  const scope = {
    baseDir: '/dir',
    options: DEFAULT_SCRAPE_OPTIONS,
    problems: problems as never[],
    unusable: [],
    warnings: [],
  }
  const config = httpProvider.readConfig(parseYaml('c.yml', yaml, { strict: true }).root, scope)
  return { config, problems: problems.map(problem => problem.message) }
}

test('all options of an HTTP client are taken', t => {
  const { config, problems } = read(`
url: https://sd/list
refresh_interval: 5s
basic_auth: {username: u, password_file: pw}
tls_config: {ca_file: ca.pem, server_name: s}
headers: ["X-A: b"]
follow_redirects: false
`)
  t.deepEqual(problems, [])
  t.deepEqual(config, {
    kind: 'http_sd_configs',
    url: 'https://sd/list',
    http: {
      auth: { type: 'basic', username: { value: 'u' }, password: { file: '/dir/pw' } },
      tls: { ca: { file: '/dir/ca.pem' }, serverName: 's', insecureSkipVerify: false },
      headers: [['X-A', 'b']],
    },
    followRedirects: false,
    intervalMs: 5000,
  })
  t.is(read('url: http://sd/').config.intervalMs, 60_000)
})

test('a URL that is missing or none is a problem of the job', t => {
  t.deepEqual(read('refresh_interval: 1s').problems, ['c.yml:1:1: url is missing'])
  t.deepEqual(read('url: "sd:80/list"').problems, ['c.yml:1:6: url: "sd:80/list" is not a valid http or https URL'])
  t.deepEqual(read('url: "http://a b/"').problems, ['c.yml:1:6: url: "http://a b/" is not a valid http or https URL'])
  t.throws(() => read('uri: x'), { message: /^c\.yml:1:1: unknown field "uri"; did you mean url\?/ })
})
