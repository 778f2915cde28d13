import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadConfig } from '../../../lib/control/config/load.ts'
import { DEFAULT_SCRAPE_OPTIONS } from '../../../lib/control/config/types.ts'
import { configDir } from '../../support/config-dir.ts'

/** Loads one job with these fields, one a line. */
async function load(t: ExecutionContext, fields: string) {
  const lines = fields
    .trim()
    .split('\n')
    .map(line => `  ${line}\n`)
  const directory = await configDir(t, { 'scrape.yml': `scrape_configs:\n- job_name: j\n${lines.join('')}` })
  const { config, skipped, warnings, text } = await loadConfig(join(directory, 'scrape.yml'), DEFAULT_SCRAPE_OPTIONS)
  return { http: config.jobs[0]?.http, directory, skipped, warnings, text }
}

test('secrets may be at URLs', async t => {
  const { http, directory } = await load(
    t,
    `
basic_auth: {username_file: "http://secrets/u", password_file: "HTTPS://secrets/p"}
tls_config: {ca_file: "https://secrets/ca", cert_file: c.pem, key_file: "http://secrets/key", max_version: TLS13}
`,
  )
  t.deepEqual(http, {
    auth: { type: 'basic', username: { url: 'http://secrets/u' }, password: { url: 'HTTPS://secrets/p' } },
    tls: {
      ca: { url: 'https://secrets/ca' },
      cert: { file: join(directory, 'c.pem') },
      key: { url: 'http://secrets/key' },
      insecureSkipVerify: false,
      maxVersion: 'TLSv1.3',
    },
    headers: [],
  })
})

test('all fields of oauth2 are read', async t => {
  const { http, directory, text } = await load(
    t,
    `
oauth2:
  client_id: id
  client_secret_file: secret.txt
  token_url: https://tokens/t
  scopes: [one, two]
  endpoint_params: {audience: a, n: 1}
  tls_config: {insecure_skip_verify: true}
  headers: ["X-A: 1"]
  proxy_url: http://u:hidden@proxy
  no_proxy: tokens
`,
  )
  t.deepEqual(http!.auth, {
    type: 'oauth2',
    clientId: 'id',
    clientSecret: { file: join(directory, 'secret.txt') },
    tokenUrl: 'https://tokens/t',
    scopes: ['one', 'two'],
    endpointParams: [
      ['audience', 'a'],
      ['n', '1'],
    ],
    http: {
      headers: [['X-A', '1']],
      tls: { insecureSkipVerify: true },
      proxy: { url: 'http://u:hidden@proxy', headers: [], connectHeaders: [], noProxy: 'tokens' },
    },
  })
  t.false(text.includes('hidden'))
  t.true(text.includes('proxy_url: <secret>'))
})

test('all that belongs to a proxy is read', async t => {
  const { http, directory } = await load(
    t,
    `
proxy_url: tls+socks5://proxy:1080
proxy_bearer_token_file: token
proxy_tls_config: {server_name: s}
proxy_headers: ["X-P: 1"]
proxy_connect_header: {X-C: [a, b]}
proxy_from_environment: false
no_proxy: "a,b"
`,
  )
  t.deepEqual(http!.proxy, {
    url: 'tls+socks5://proxy:1080',
    auth: { type: 'authorization', scheme: 'Bearer', credentials: { file: join(directory, 'token') } },
    tls: { serverName: 's', insecureSkipVerify: false },
    headers: [['X-P', '1']],
    connectHeaders: [['X-C', 'a, b']],
    noProxy: 'a,b',
  })
})

for (const [field, type] of [
  ['proxy_basic_auth: {username: u, password: p}', 'basic'],
  ['proxy_authorization: {credentials: c}', 'authorization'],
  ['proxy_bearer_token: t', 'authorization'],
  ['proxy_oauth2: {client_id: i, client_secret: s, token_url: "http://t"}', 'oauth2'],
] as const) {
  test(`a proxy may want ${field}`, async t => {
    const { http, warnings } = await load(t, `proxy_url: http://p\n${field}`)
    t.is(http!.proxy!.auth!.type, type)
    t.deepEqual(warnings, [])
    const without = await load(t, field)
    t.is(without.http!.proxy, undefined)
    t.regex(without.warnings[0]!, /scrape\.yml:3:\d+: .*without proxy_url it means nothing/)
  })
}

test('headers in the way of Prometheus are read too', async t => {
  const { http, directory, text } = await load(
    t,
    `
headers: ["X-Plain: 1"]
http_headers:
  X-Values: {values: [a, b]}
  X-Mixed: {values: [a], secrets: [hidden]}
  X-File: {files: [key.txt]}
  X-None: {}
enable_http2: true
`,
  )
  t.deepEqual(http, {
    headers: [
      ['X-Values', 'a, b'],
      ['X-Mixed', 'a, hidden'],
      ['X-Plain', '1'],
    ],
    secretHeaders: [['X-File', { file: join(directory, 'key.txt') }]],
  })
  t.false(text.includes('hidden'))
})

/** Fields that make a job unusable, and the place and words that it is refused with. */
const UNUSABLE: readonly (readonly [fields: string, problem: RegExp])[] = [
  ['basic_auth: {}', /:3:15: .*neither username nor password/],
  ['oauth2: {client_secret: x, token_url: "http://t"}', /:3:11: .*client_id is missing/],
  ['oauth2: {client_id: x, token_url: "http://t"}', /:3:11: .*neither client_secret nor client_secret_file/],
  ['oauth2: {client_id: x, client_secret: y}', /:3:11: .*token_url is not an http or https URL/],
  ['oauth2: {client_id: x, client_secret: y, token_url: "ftp://t"}', /:3:55: .*token_url is not an http or https URL/],
  [
    'oauth2: {client_id: x, client_secret: y, client_secret_file: z, token_url: "http://t"}',
    /only one of client_secret/,
  ],
  ['bearer_token: a\noauth2: {client_id: x, client_secret: y, token_url: "http://t"}', /one of bearer_token, oauth2/],
  [
    'proxy_url: http://p\nproxy_bearer_token: a\nproxy_basic_auth: {username: u}',
    /proxy_basic_auth, proxy_bearer_token/,
  ],
  ['no_proxy: a', /:3:13: .*there is no proxy_url/],
  ['proxy_connect_header: {A: [b]}', /there is no proxy_url/],
  ['proxy_url: http://p\nproxy_headers: [x]', /"Name: value"/],
  ['http_headers: {X: {values: [a], files: [b]}}', /:3:21: .*from one file, or from values/],
  ['tls_config: {max_version: 1.2}', /:3:29: .*unknown TLS version "1\.2"/],
]
for (const [fields, problem] of UNUSABLE) {
  test(`a job with ${JSON.stringify(fields)} is left out`, async t => {
    const { http, skipped } = await load(t, fields)
    t.is(http, undefined)
    t.regex(skipped[0]!.message, problem)
  })
}

/** Fields that make the file unusable. */
const REFUSED: readonly (readonly [fields: string, problem: RegExp])[] = [
  ['proxy_url: ftp://p', /:3:14: .*scheme has to be http, https, socks5 or tls\+socks5/],
  ['proxy_url: proxy:3128', /not the URL of a proxy/],
  ['proxy_url: "http://"', /not the URL of a proxy/],
  ['proxy_from_environment: true', /:3:27: .*name the proxy in proxy_url/],
  ['oauth2: {client_idd: x}', /unknown field "client_idd"; did you mean client_id/],
  ['oauth2: {proxy_from_environment: true}', /name the proxy in proxy_url/],
  ['http_headers: {X: {value: a}}', /unknown field "value"; did you mean values/],
  ['enable_http2: maybe', /expected true or false/],
]
for (const [fields, problem] of REFUSED) {
  test(`a file with ${JSON.stringify(fields)} is refused`, async t => {
    await t.throwsAsync(load(t, fields), { code: 'CONFIG_INVALID', message: problem })
  })
}
