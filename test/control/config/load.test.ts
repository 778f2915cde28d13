import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { parse } from 'yaml'
import { type LoadedConfig, loadConfig } from '../../../lib/control/config/load.ts'
import { DEFAULT_SCRAPE_OPTIONS, type ScrapeOptions } from '../../../lib/control/config/types.ts'
import type { FileSdConfig } from '../../../lib/control/discovery/file.ts'
import type { StaticConfig } from '../../../lib/control/discovery/static.ts'
import { configDir } from '../../support/config-dir.ts'
import { serve } from '../../support/fetching.ts'

async function load(t: ExecutionContext, text: string, options?: Partial<ScrapeOptions>): Promise<LoadedConfig> {
  const directory = await configDir(t, { 'scrape.yml': text })
  return loadConfig(join(directory, 'scrape.yml'), { ...DEFAULT_SCRAPE_OPTIONS, ...options })
}

test('a job takes what it does not say from the global section and the options', async t => {
  const { config, warnings, skipped } = await load(
    t,
    `
global:
  scrape_interval: 30s
  scrape_timeout: 40s
  external_labels: {dc: east, n: 5, none: ""}
  sample_limit: 7
  relabel_configs: [{target_label: first, replacement: x}]
scrape_configs:
- job_name: j
  relabel_configs: [{target_label: second, replacement: y}]
  static_configs: [{targets: [a:1, 5], labels: {l: 1.50}}]
`,
    { seriesLimitPerTarget: 3, disableKeepAlive: true },
  )
  t.deepEqual(warnings, [])
  t.deepEqual(skipped, [])
  const [job] = config.jobs
  t.like(job, {
    jobName: 'j',
    intervalMs: 30_000,
    timeoutMs: 30_000,
    scheme: 'http',
    metricsPath: '/metrics',
    sampleLimit: 7,
    labelLimit: 0,
    seriesLimit: 3,
    maxBodyBytes: 16 * 2 ** 20,
    honorLabels: false,
    honorTimestamps: false,
    followRedirects: true,
    disableKeepAlive: true,
    externalLabels: [
      { name: 'dc', value: 'east' },
      { name: 'n', value: '5' },
    ],
  })
  t.deepEqual(
    job!.relabelRules.map(rule => rule.targetLabel),
    ['first', 'second'],
  )
  const group = { kind: 'static_configs', source: 'static_configs', targets: ['a:1', '5'], labels: { l: '1.50' } }
  t.deepEqual<unknown, unknown>(job!.discovery, [{ kind: 'static_configs', group }])
  t.true(Object.isFrozen(job) && Object.isFrozen(job!.discovery[0]))
})

test('all fields of a job are read', async t => {
  const { config } = await load(
    t,
    `
scrape_configs:
- job_name: j
  scrape_interval: 1d
  scrape_timeout: 90
  scrape_align_interval: 1h
  scrape_offset: 5m
  scheme: https
  metrics_path: probe
  params: {b: [1, two], a: []}
  honor_labels: yes
  honor_timestamps: true
  enable_compression: false
  disable_keepalive: true
  follow_redirects: false
  headers: ["X-One: a: b", "X-Two:c"]
  sample_limit: 1
  label_limit: 2
  series_limit: 3
  max_scrape_size: 1.5KiB
  no_stale_markers: true
  stream_parse: true
  file_sd_configs: [{files: ["*.yml"], refresh_interval: 5s}]
  tls_config: {ca_file: ca.pem, cert_file: /c.pem, key_file: k.pem, server_name: s, insecure_skip_verify: true, min_version: TLS13}
  authorization: {type: Custom, credentials_file: token}
`,
  )
  const [job] = config.jobs
  const [{ baseDir }] = job!.discovery as readonly [FileSdConfig]
  t.like(job, {
    intervalMs: 86_400_000,
    timeoutMs: 90_000,
    alignIntervalMs: 3_600_000,
    offsetMs: 300_000,
    scheme: 'https',
    metricsPath: 'probe',
    params: [
      ['b', ['1', 'two']],
      ['a', []],
    ],
    honorLabels: true,
    honorTimestamps: true,
    disableCompression: true,
    disableKeepAlive: true,
    followRedirects: false,
    sampleLimit: 1,
    labelLimit: 2,
    seriesLimit: 3,
    maxBodyBytes: 1536,
    noStaleMarkers: true,
    streamParse: true,
    discovery: [{ kind: 'file_sd_configs', files: ['*.yml'], baseDir, intervalMs: 5000 }],
  })
  t.deepEqual(job!.http, {
    auth: { type: 'authorization', scheme: 'Custom', credentials: { file: join(baseDir, 'token') } },
    tls: {
      ca: { file: join(baseDir, 'ca.pem') },
      cert: { file: '/c.pem' },
      key: { file: join(baseDir, 'k.pem') },
      serverName: 's',
      insecureSkipVerify: true,
      minVersion: 'TLSv1.3',
    },
    headers: [
      ['X-One', 'a: b'],
      ['X-Two', 'c'],
    ],
  })
})

test('a flag that turns something off for all targets cannot be overruled by a job', async t => {
  const { config } = await load(
    t,
    `
scrape_configs:
- {job_name: plain}
- {job_name: on, disable_compression: false, disable_keepalive: false, stream_parse: false, no_stale_markers: false}
- {job_name: prometheus, enable_compression: true}
`,
    { disableCompression: true, disableKeepAlive: true, streamParse: true, noStaleMarkers: true },
  )
  for (const { disableCompression, disableKeepAlive, streamParse } of config.jobs) {
    t.true(disableCompression && disableKeepAlive && streamParse)
  }
  t.deepEqual(
    config.jobs.map(job => job.noStaleMarkers),
    [true, false, true],
  )
})

test('a scheme may be written in capital letters', async t => {
  const { config } = await load(t, 'scrape_configs:\n- {job_name: x, scheme: HTTPS}\n')
  t.is(config.jobs[0]!.scheme, 'https')
})

test('the other ways to prove who asks', async t => {
  const { config, warnings } = await load(
    t,
    `
scrape_configs:
- {job_name: basic, basic_auth: {username: u, password: "p:w"}}
- {job_name: bearer, bearer_token: tok}
- {job_name: type, authorization: {credentials: c}}
- {job_name: nameless, basic_auth: {password_file: /p}}
`,
  )
  t.deepEqual(
    config.jobs.map(job => job.http.auth),
    [
      { type: 'basic', username: { value: 'u' }, password: { value: 'p:w' } },
      { type: 'authorization', scheme: 'Bearer', credentials: { value: 'tok' } },
      { type: 'authorization', scheme: 'Bearer', credentials: { value: 'c' } },
      { type: 'basic', username: { value: '' }, password: { file: '/p' } },
    ],
  )
  t.is(warnings.length, 1)
  t.regex(warnings[0]!, /scrape\.yml:6:36: .*neither username nor username_file/)
})

test('variables are expanded before YAML is read; unknown ones stay', async t => {
  const { config } = await load(
    t,
    'scrape_configs:\n- job_name: "%{JOB}-%{UNSET}"\n  static_configs: [{targets: [a], labels: {lit: "%%{x}", %{PAIR}}}]\n',
    { env: { JOB: 'envjob', PAIR: 'a: b' } },
  )
  t.is(config.jobs[0]!.jobName, 'envjob-%{UNSET}')
  const [{ group }] = config.jobs[0]!.discovery as readonly [StaticConfig]
  t.deepEqual(group.labels, { lit: '%%{x}', a: 'b' })
})

test('an empty file has no jobs', async t => {
  for (const text of ['', 'scrape_configs:\n', 'global: {}\n']) t.deepEqual((await load(t, text)).config.jobs, [])
})

test('a job that cannot be used is left out and named; the others run', async t => {
  const unusable = [
    [
      '{job_name: bad, relabel_configs: [{source_labels: [a], regex: "a(", target_label: b}]}',
      /:2:65: .*missing closing \): `a\(`/,
    ],
    ['{job_name: bad, scheme: ftp}', /:2:27: .*neither http nor https/],
    ['{scheme: http}', /:2:3: .*job_name is missing/],
    ['{job_name: bad, max_scrape_size: huge}', /:2:36: .*not a size/],
    ['{job_name: bad, headers: [nocolon]}', /:2:29: .*"Name: value"/],
    ['{job_name: bad, bearer_token: a, basic_auth: {username: b}}', /:2:3: .*only one of basic_auth, bearer_token/],
    ['{job_name: bad, authorization: {credentials: a, credentials_file: b}}', /use only one of credentials and/],
    ['{job_name: bad, tls_config: {min_version: TLS9}}', /:2:45: .*unknown TLS version/],
    ['{job_name: bad, tls_config: {ca: junk}}', /:2:31: .*not a usable certificate/],
    ['{job_name: bad, tls_config: {cert: junk, key: junk}}', /not a usable certificate/],
    ['{job_name: bad, tls_config: {cert_file: c}}', /both cert and key/],
  ] as const
  for (const [job, problem] of unusable) {
    const { config, skipped } = await load(t, `scrape_configs:\n- ${job}\n- {job_name: good}\n`)
    t.deepEqual(
      config.jobs.map(({ jobName }) => jobName),
      ['good'],
      job,
    )
    t.is(skipped.length, 1, job)
    t.regex(skipped[0]!.message, problem)
  }
})

test('a broken global rule makes every job unusable, and no file', async t => {
  const { config, skipped } = await load(
    t,
    'global: {relabel_configs: [{action: nonsense}]}\nscrape_configs:\n- {job_name: a}\n- {job_name: b}\n',
  )
  t.deepEqual(config.jobs, [])
  t.is(skipped.length, 2)
})

/** One broken file a line, and the place and words that it is refused with. */
const REFUSED: readonly (readonly [text: string, place: string, words: RegExp])[] = [
  ['scrape_configs: [{job_name: x\n', '2:1', /Flow map/],
  ['\tscrape_configs: []\n', '1:1', /Tabs/],
  ['global: {}\nglobal: {}\n', '2:1', /unique/],
  ['global: {}\n---\nglobal: {}\n', '2:1', /second YAML document/],
  ['[]\n', '1:1', /expected a map, found a list/],
  ['nonsense\n', '1:1', /expected a map/],
  ['scrap_configs: []\n', '1:1', /did you mean scrape_configs\?/],
  ['scrape_configs: {}\n', '1:17', /expected a list, found a map/],
  ['scrape_configs: *gone\n', '1:17', /no anchor/],
  ['remote_write: []\n', '1:1', /-remoteWrite\.url/],
  ['rule_files: [a]\n', '1:1', /no rules/],
  ['alerting: {}\n', '1:1', /not supported/],
  ['global: [a]\n', '1:9', /expected a map/],
  ['global: {scrape_intervall: 1s}\n', '1:10', /did you mean scrape_interval\?/],
  ['global: {scrape_interval: abc}\n', '1:27', /not a duration/],
  ['global: {scrape_interval: -5s}\n', '1:27', /not a duration/],
  ['global: {evaluation_interval: x}\n', '1:31', /not a duration/],
  ['global:\n  external_labels: {a: [1]}\n', '2:24', /expected a string, found a list/],
  ['global: {sample_limit: many}\n', '1:24', /expected an integer, found the string "many"/],
  ['global: {scrape_protocols: [x]}\n', '1:29', /the format "x" is unknown/],
  ['global: {relabel_configs: {a: b}}\n', '1:27', /expected a list/],
  ['scrape_configs:\n- x\n', '2:3', /expected a map, found the string "x"/],
  ['scrape_configs:\n- job_name: x\n  no_such_option: 1\n', '3:3', /unknown field "no_such_option"/],
  ['scrape_configs:\n- job_name: x\n- job_name: x\n', '3:3', /"x" is taken already, at .*scrape\.yml:2/],
  ['scrape_configs:\n- job_name: x\n  job_name: y\n', '3:3', /unique/],
  ['scrape_configs:\n- job_name: [x]\n', '2:13', /expected a string/],
  ['scrape_configs:\n- job_name: x\n  honor_labels: 3\n', '3:17', /expected true or false, found 3/],
  ['scrape_configs:\n- job_name: x\n  follow_redirects: "true"\n', '3:21', /expected true or false/],
  ['scrape_configs:\n- job_name: x\n  sample_limit: 1.5\n', '3:17', /expected an integer/],
  ['scrape_configs:\n- job_name: x\n  scrape_interval: soon\n', '3:20', /not a duration/],
  ['scrape_configs:\n- job_name: x\n  params: {a: b}\n', '3:15', /params\.a: expected a list/],
  ['scrape_configs:\n- job_name: x\n  headers: "A: b"\n', '3:12', /expected a list/],
  ['scrape_configs:\n- job_name: x\n  basic_auth: {user: b}\n', '3:16', /unknown field "user"/],
  ['scrape_configs:\n- job_name: x\n  authorization: token\n', '3:18', /expected a map/],
  ['scrape_configs:\n- job_name: x\n  tls_config: {insecure_skip_verify: maybe}\n', '3:38', /true or false/],
  ['scrape_configs:\n- job_name: x\n  tls_config: {ca_fil: a}\n', '3:16', /did you mean ca_file\?/],
  ['scrape_configs:\n- job_name: x\n  static_configs: [{target: [a]}]\n', '3:21', /did you mean targets\?/],
  ['scrape_configs:\n- job_name: x\n  static_configs: [{targets: a}]\n', '3:30', /expected a list/],
  ['scrape_configs:\n- job_name: x\n  static_configs:\n  - targets: [a]\n    labels: [b]\n', '5:13', /expected a map/],
  ['scrape_configs:\n- job_name: x\n  file_sd_configs: [{file: [a]}]\n', '3:22', /did you mean files\?/],
  ['scrape_configs:\n- job_name: x\n  file_sd_configs: [{refresh_interval: x}]\n', '3:40', /not a duration/],
  ['scrape_configs:\n- job_name: x\n  relabel_configs: [{nope: 1}]\n', '3:22', /unknown field "nope"/],
  ['scrape_configs:\n- job_name: x\n  kubernetes_sd_configs: []\n', '3:3', /"kubernetes_sd_configs" is not supported/],
]

for (const [text, place, words] of REFUSED) {
  test(`${JSON.stringify(text)} is refused at ${place}`, async t => {
    const error = await t.throwsAsync(load(t, text), { code: 'CONFIG_INVALID' })
    t.regex(error.message, new RegExp(`/scrape\\.yml:${place}: `))
    t.regex(error.message, words)
  })
}

test('a file that is not there is refused by name', async t => {
  const directory = await configDir(t)
  const path = join(directory, 'nothing.yml')
  await t.throwsAsync(loadConfig(path, DEFAULT_SCRAPE_OPTIONS), {
    code: 'CONFIG_INVALID',
    message: /nothing\.yml:1:1: cannot be read: ENOENT/,
  })
})

test('unknown and foreign fields of a file that is not read strictly are warnings', async t => {
  const { config, warnings } = await load(
    t,
    'global: {no_such: 1, scrape_protocols: [x]}\nscrape_configs:\n- job_name: j\n  no_such: 1\n  static_configs: [{targets: [a], other: 1}]\n',
    { strictParse: false },
  )
  t.is(config.jobs.length, 1)
  t.is(warnings.length, 4)
})

test('fields of Prometheus that mean something here are taken', async t => {
  const { config } = await load(
    t,
    'global: {evaluation_interval: 1m, body_size_limit: 1KB}\nscrape_configs:\n- {job_name: a}\n- {job_name: b, body_size_limit: 2KB}\n- {job_name: c, max_scrape_size: 3KB}\n',
  )
  t.deepEqual(
    config.jobs.map(job => job.maxBodyBytes),
    [1000, 2000, 3000],
  )
})

test('scrape_config_files are globs from the directory of the file; a broken one is left out', async t => {
  const directory = await configDir(t, {
    'main.yml':
      'global: {scrape_interval: 5s}\nscrape_config_files: ["parts/*.yml", extra.yml, gone.yml]\nscrape_configs: [{job_name: inline}]\n',
    'parts/one.yml': '- job_name: one\n- job_name: two\n',
    'parts/two.yml': '- nonsense: 1\n',
    'extra.yml': '- job_name: extra\n',
  })
  const { config, skipped, text } = await loadConfig(join(directory, 'main.yml'), DEFAULT_SCRAPE_OPTIONS)
  t.deepEqual(
    config.jobs.map(job => job.jobName),
    ['inline', 'one', 'two', 'extra'],
  )
  t.true(config.jobs.every(job => job.intervalMs === 5000))
  const jobs = config.jobs.map(job => ({ job_name: job.jobName }))
  t.deepEqual(parse(text), { global: { scrape_interval: '5s' }, scrape_configs: jobs }, 'the text is one file')
  t.regex(skipped[0]!.message, /parts\/two\.yml:1:3: .*unknown field "nonsense"/)
  t.regex(skipped[1]!.message, /gone\.yml:1:1: cannot be read/)
})

test('a configuration and further files of jobs are fetched where they are URLs', async t => {
  const texts: Record<string, string> = {
    '/part.yml': '- {job_name: "%{NAME}"}\n',
    '/broken.yml': '- {job_name: b, schema: http}\n',
  }
  const origin = await serve(t, ({ url }, response) => {
    const text = texts[url!]
    if (text === undefined) response.writeHead(404)
    response.end(text)
  })
  texts['/scrape.yml'] = `scrape_config_files: ["${origin}/part.yml", "${origin}/broken.yml", "${origin}/gone.yml"]\n`
  const options = { ...DEFAULT_SCRAPE_OPTIONS, env: { NAME: 'fetched' } }
  const { config, skipped } = await loadConfig(`${origin}/scrape.yml`, options)
  t.deepEqual(
    config.jobs.map(job => job.jobName),
    ['fetched'],
  )
  t.true(skipped[0]!.message.startsWith(`${origin}/broken.yml:1:17: `), skipped[0]!.message)
  t.is(skipped[1]!.message, `${origin}/gone.yml:1:1: cannot be read: ${origin}/gone.yml answered 404`)
  await t.throwsAsync(loadConfig(`${origin}/gone.yml`, options), { code: 'CONFIG_INVALID', message: /answered 404/ })
})

test('a name that two files give to a job is refused', async t => {
  const directory = await configDir(t, {
    'main.yml': 'scrape_config_files: [part.yml]\nscrape_configs: [{job_name: a}]\n',
    'part.yml': '- job_name: b\n- job_name: a\n',
  })
  await t.throwsAsync(loadConfig(join(directory, 'main.yml'), DEFAULT_SCRAPE_OPTIONS), {
    message: /part\.yml:2:3: .*"a" is taken already, at .*main\.yml:2/,
  })
})

test('the text is the file with variables expanded and secrets hidden', async t => {
  const { text } = await load(
    t,
    'scrape_configs:\n- job_name: "%{JOB}" # kept\n  basic_auth: {username: u, password: "p w"}\n- job_name: b\n  bearer_token: tok\n  headers: ["X-Key: k"]\n',
    { env: { JOB: 'j' } },
  )
  t.is(
    text,
    'scrape_configs:\n- job_name: "j" # kept\n  basic_auth: {username: u, password: <secret>}\n- job_name: b\n  bearer_token: <secret>\n  headers: ["X-Key: <secret>"]\n',
  )
})
