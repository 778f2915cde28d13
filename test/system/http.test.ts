// The HTTP server of a real agent, as users and probes see it.
import { once } from 'node:events'
import { copyFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { AgentProcess, makeDirectory } from '../support/agent-process.ts'
import { startExporter } from '../support/exporter.ts'
import { serve } from '../support/fetching.ts'
import { startReceiver } from '../support/receiver.ts'

const fixture = (name: string) => join(import.meta.dirname, '../shared/fixtures', name)

async function startAgent(t: ExecutionContext, config: string, flags: Readonly<Record<string, string>> = {}) {
  const directory = await makeDirectory(t)
  const receiver = await startReceiver(t)
  await writeFile(join(directory, 'scrape.yml'), config)
  const agent = new AgentProcess(t, {
    'promscrape.config': join(directory, 'scrape.yml'),
    'remoteWrite.url': receiver.url,
    'remoteWrite.tmpDataPath': join(directory, 'queue'),
    httpListenAddr: '127.0.0.1:0',
    shards: '1',
    ...flags,
  })
  const url = await agent.url()
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, { redirect: 'manual', ...init })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  return { agent, directory, receiver, url, ask }
}

test('targets can be looked at from what they were discovered as to what they answer', async t => {
  const origin = await serve(t, (request, response) => {
    const isKnown = request.headers.authorization === `Basic ${btoa('me:sesame')}`
    response.statusCode = isKnown ? 200 : 401
    response.end(isKnown ? 'm{a="1"} 1\ngo_x 1\n' : 'who are you')
  })
  const config = `scrape_configs:
- job_name: web
  scrape_interval: 1s
  basic_auth: {username: me, password: sesame}
  relabel_configs:
  - {action: drop, if: '{kind="gone"}'}
  - {action: labelmap, regex: __meta_(.+)}
  metric_relabel_configs: [{action: drop, if: '{__name__=~"go_.*"}'}]
  static_configs:
  - {targets: ["${new URL(origin).host}"], labels: {__meta_zone: "<b>"}}
  - {targets: ["gone:1"], labels: {kind: gone}}
`
  const { receiver, ask } = await startAgent(t, config)
  await receiver.first(sample => sample.labels.__name__ === 'm')
  const text = (await ask('/targets')).text
  t.regex(text, /^job=web \(1\/1 up\)\n\tstate=up, .*zone="<b>".*, scrapes_failed=0, .*, scrape_response_size=18B, /)

  const page = (await ask('/targets', { headers: { accept: 'text/html' } })).text
  t.true(page.includes('zone=&quot;&lt;b&gt;&quot;'))
  const [, id] = /target_response\?id=([0-9a-f]{16})/.exec(page)!
  t.is((await ask(`/target_response?id=${id}`)).text, 'm{a="1"} 1\ngo_x 1\n')
  t.is((await ask('/target_response?id=nonsense')).status, 400)

  const target = JSON.parse((await ask(`/target-relabel-debug?format=json&id=${id}`)).text)
  t.is(target.steps[0].rule, 'if: \'{kind="gone"}\'\naction: drop\n')
  t.regex(target.resultingLabels, /^\{instance=.*, job=&quot;web&quot;, zone=&quot;&lt;b&gt;&quot;\}$/)
  const metric = JSON.parse((await ask(`/metric-relabel-debug?format=json&id=${id}`)).text)
  t.is(metric.steps.length, 1)

  const discovery = (await ask('/service-discovery')).text
  t.true(discovery.includes('(1/2 active; 1 dropped: relabeling)'))
  const ids = [...discovery.matchAll(/target-relabel-debug\?id=([0-9a-f]{16})/g)].map(match => match[1])
  t.is(ids.length, 2)
  const dropped = JSON.parse((await ask(`/target-relabel-debug?format=json&id=${ids[1]}`)).text)
  t.deepEqual([dropped.steps.length, dropped.resultingLabels], [1, '{}'])

  t.true((await ask('/config')).text.includes('password: <secret>'))
  const metrics = (await ask('/metrics')).text
  t.regex(metrics, /^penstock_memory_account_bytes\{shard="main", account="original_labels"\} [1-9]\d*$/m)
  t.regex(metrics, /^penstock_promscrape_dropped_targets\{scrape_job="web", reason="relabeling"\} 1$/m)
})

test('without original labels there is less to see, and nothing breaks', async t => {
  const exporter = await startExporter(t, () => 'm 1\n')
  const config = `scrape_configs: [{job_name: j, static_configs: [{targets: ["${exporter.address}", "${exporter.address}"]}]}]\n`
  const { ask } = await startAgent(t, config, { 'promscrape.dropOriginalLabels': 'true' })
  await exporter.reached(1)
  const { data } = JSON.parse((await ask('/api/v1/targets')).text)
  t.deepEqual(data.activeTargets[0].discoveredLabels, {})
  t.deepEqual(data.droppedTargets, [])
  t.true((await ask('/service-discovery')).text.includes('1 dropped: duplicate'))
})

/** The name of the certificate that is served. */
async function servedName(t: ExecutionContext, port: number): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  const name = socket.getPeerCertificate().subject.CN
  socket.destroy()
  return name as string
}

test('one address serves TLS, with a certificate that can be renewed at any time', async t => {
  const directory = await makeDirectory(t)
  const certFile = join(directory, 'cert.pem')
  const keyFile = join(directory, 'key.pem')
  const put = async (name: string) => {
    await copyFile(fixture(`${name}.pem`), `${certFile}.new`)
    await copyFile(fixture(`${name}-key.pem`), `${keyFile}.new`)
    await rename(`${certFile}.new`, certFile)
    await rename(`${keyFile}.new`, keyFile)
  }
  await put('server')
  const { agent, ask } = await startAgent(t, 'scrape_configs: []\n', {
    httpListenAddr: '127.0.0.1:0,127.0.0.1:0',
    tls: 'false,true',
    tlsCertFile: certFile,
    tlsKeyFile: keyFile,
  })
  t.is((await ask('/health')).text, 'OK')
  const port = Number((await agent.logged(/listening for HTTPS on \S+, port (\d+)/))[1])
  t.is(await servedName(t, port), 'server')
  await put('client')
  while ((await servedName(t, port)) !== 'client') await sleep(100)
  t.pass()
})

test('a password in a file can be changed at any time', async t => {
  const directory = await makeDirectory(t)
  const file = join(directory, 'password')
  await writeFile(file, 'first\n')
  const { ask } = await startAgent(t, 'scrape_configs: []\n', {
    'httpAuth.username': 'me',
    'httpAuth.password': `file://${file}`,
  })
  const status = async (password: string) =>
    (await ask('/targets', { headers: { authorization: `Basic ${btoa(`me:${password}`)}` } })).status
  t.deepEqual([await status('first'), await status('second'), (await ask('/targets')).status], [200, 401, 401])
  await writeFile(file, 'second\n')
  while ((await status('second')) !== 200) await sleep(100)
  t.is(await status('first'), 401)
})

test('an agent that stops says so before it does', async t => {
  const { agent, ask } = await startAgent(t, 'scrape_configs: []\n', { 'http.shutdownDelay': '2s' })
  t.is((await ask('/health')).status, 200)
  agent.signal('SIGTERM')
  await agent.logged(/received SIGTERM/)
  while ((await ask('/health')).status !== 503) await sleep(10)
  t.is(await agent.exited(), 0)
})

test('an agent without -tlsCertFile for -tls does not start', async t => {
  const agent = new AgentProcess(t, { 'remoteWrite.url': 'http://127.0.0.1:1/', tls: 'true' })
  t.is(await agent.exited(), 2)
  t.regex(agent.log, /-tls needs -tlsCertFile/)
})
