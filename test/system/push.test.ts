// The whole agent as a process of its own, pushed to by real clients, in front of a real receiver.
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { AgentProcess, makeDirectory } from '../support/agent-process.ts'
import { startExporter } from '../support/exporter.ts'
import { type ReceivedSample, type Receiver, startReceiver } from '../support/receiver.ts'

const PATH = '/api/v1/import/prometheus'
const T = 1_600_000_000_000

type Flags = Readonly<Record<string, string | readonly string[]>>

async function start(t: ExecutionContext, flags: Flags = {}, files: Readonly<Record<string, string>> = {}) {
  const directory = await makeDirectory(t)
  const receiver = await startReceiver(t)
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
  const inDirectory = (value: string) => value.replace('DIR', directory)
  const agent = new AgentProcess(t, {
    'remoteWrite.url': receiver.url,
    'remoteWrite.tmpDataPath': join(directory, 'queue'),
    'remoteWrite.flushInterval': '50ms',
    'remoteWrite.forcePromProto': 'true',
    'remoteWrite.retryMinInterval': '50ms',
    httpListenAddr: '127.0.0.1:0',
    shards: '2',
    ...Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, [value].flat().map(inDirectory)])),
  })
  const url = await agent.url()
  const push = async (body: string | Uint8Array, options: { query?: string; encoding?: string; from?: string } = {}) =>
    await post(`${url}${PATH}${options.query ?? ''}`, body, options.encoding ?? 'identity', options.from ?? '127.0.0.1')
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    )
  }
  return { agent, directory, receiver, push, metric }
}

/** Posts from an address of this machine: the agent takes each for a client of its own. */
function post(url: string, body: string | Uint8Array, encoding: string, localAddress: string) {
  return new Promise<{ status: number; text: string; retryAfter: string | undefined }>((resolve, reject) => {
    const headers = { 'content-encoding': encoding, 'content-length': Buffer.byteLength(body as string) }
    const outgoing = request(url, { method: 'POST', headers, localAddress, agent: false }, async response => {
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode!, text, retryAfter: response.headers['retry-after'] })
    })
    outgoing.once('error', reject).end(body)
  })
}

const named = (name: string) => (sample: ReceivedSample) => sample.labels.__name__ === name
const valuesOf = (receiver: Receiver, name: string) => receiver.samples.filter(named(name)).map(({ value }) => value)

test('what is pushed arrives, relabeled and with all labels', async t => {
  const { receiver, push } = await start(
    t,
    { 'remoteWrite.relabelConfig': 'DIR/relabel.yml', 'remoteWrite.label': 'dc=east', usePromCompatibleNaming: 'true' },
    {
      'relabel.yml': `
- {action: drop, source_labels: [drop], regex: "yes"}
- {source_labels: [job], target_label: team, replacement: "team-$1"}
`,
    },
  )
  const body = `pushed{a.b="c",drop="no"} 42 ${T}\ndropped{drop="yes"} 1\nnot a line\nlast 1 ${T}`
  t.like(await push(gzipSync(body), { query: '/metrics/job/j?extra_label=x=y', encoding: 'gzip' }), {
    status: 200,
    text: '',
  })
  const common = { dc: 'east', job: 'j', team: 'team-j', x: 'y' }
  const pushed = await receiver.first(named('pushed'))
  t.deepEqual(pushed, { labels: { __name__: 'pushed', a_b: 'c', drop: 'no', ...common }, value: 42, timestampMs: T })
  const last = await receiver.first(named('last'))
  t.deepEqual(last.labels, { __name__: 'last', ...common })
  t.false(receiver.samples.some(named('dropped')))
})

test('samples of a series that one client pushes arrive in the order in which it pushed them', async t => {
  const { receiver, push } = await start(t, { shards: '3', 'remoteWrite.queues': '4' })
  const clients = Array.from({ length: 6 }, (_, index) => `127.0.0.${index + 1}`)
  const pushes = 60
  await Promise.all(
    clients.map(async (from, client) => {
      for (let value = 0; value < pushes; value++) {
        const { status } = await push(`c${client} ${value} ${T + value}\n`, { from })
        t.is(status, 204)
      }
    }),
  )
  for (const client of clients.keys()) {
    await receiver.first(sample => named(`c${client}`)(sample) && sample.value === pushes - 1)
    t.deepEqual(
      valuesOf(receiver, `c${client}`),
      Array.from({ length: pushes }, (_, value) => value),
    )
  }
})

test('a large body arrives as a whole while targets are scraped on', async t => {
  const exporter = await startExporter(t, scrape => `scrapes ${scrape}\n`)
  const { receiver, push } = await start(
    t,
    { 'promscrape.config': 'DIR/scrape.yml' },
    {
      'scrape.yml': `
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: test
    static_configs: [{targets: ['${exporter.address}']}]
`,
    },
  )
  const rows = 200_000
  const body = Array.from({ length: rows }, (_, row) => `large{row="${row}"} ${row} ${T}\n`).join('')
  t.is((await push(body)).status, 204)
  t.is((await push(gzipSync(body.replaceAll('large', 'packed')), { encoding: 'gzip' })).status, 204)
  await receiver.first(sample => named('packed')(sample) && sample.value === rows - 1)
  for (const name of ['large', 'packed']) t.is(new Set(valuesOf(receiver, name)).size, rows)
  await receiver.first(sample => named('scrapes')(sample) && sample.value >= 2)
})

test('a body that is damaged or too large is refused with its place, and the next one is taken', async t => {
  const { receiver, push, metric } = await start(t)
  const cut = await push(gzipSync('m 1\n').subarray(0, 15), { encoding: 'gzip' })
  t.is(cut.status, 400)
  t.regex(cut.text, /^the gzip body is damaged behind byte 15, .*: unexpected end of file\n$/)
  // A snappy block that says to have 1 GiB in it.
  const huge = await push(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 0x00, 0x61), { encoding: 'snappy' })
  t.is(huge.status, 413)
  t.is(huge.text, 'the snappy body has more than 33554432 bytes when decoded; push it in parts\n')
  t.is(await metric('vm_protoparser_read_errors_total'), 2)
  t.is(await metric('vmagent_http_request_errors_total'), 2)
  t.is((await push(`m 1 ${T}\n`)).status, 204)
  await receiver.first(named('m'))
})

test('while nobody takes what is pushed clients wait, and nothing is lost or comes twice', async t => {
  const { receiver, push, metric } = await start(t, {
    shards: '1',
    maxConcurrentInserts: '2',
    'memory.allowedBytes': '1MiB',
    'remoteWrite.maxBlockSize': '128KiB',
  })
  receiver.status = 503
  const bodies = 40
  const rows = 5000
  const hash = (row: number) => Math.imul(row + 1, 0x9e3779b1) >>> 0
  const bodyOf = (body: number) =>
    Array.from({ length: rows }, (_, row) => `m{row="${hash(body * rows + row)}"} ${body * rows + row} ${T}\n`).join('')
  let answered = 0
  const pushes = Array.from({ length: bodies }, async (_, body) => {
    const { status } = await push(bodyOf(body), { from: `127.0.0.${body + 1}` })
    answered++
    return status
  })
  while ((await metric('penstock_ring_waits_total')) === 0) t.true(answered < bodies)
  t.true((await metric('penstock_push_memory_bytes')) > 0)
  receiver.status = 204
  t.deepEqual(await Promise.all(pushes), new Array(bodies).fill(204))
  const isLast = new Set<number>()
  await receiver.first(({ value }) => isLast.add(value).size === bodies * rows)
  t.deepEqual(
    valuesOf(receiver, 'm').sort((a, b) => a - b),
    Array.from({ length: bodies * rows }, (_, value) => value),
  )
})

test('rules that a reload brings hold for pushes', async t => {
  const { agent, directory, receiver, push } = await start(
    t,
    { 'remoteWrite.relabelConfig': 'DIR/relabel.yml' },
    { 'relabel.yml': '- {target_label: rules, replacement: old}\n' },
  )
  let value = 0
  let isOver = false
  const pushing = (async () => {
    for (; !isOver; value++) t.is((await push(`m ${value} ${T + value}\n`)).status, 204)
  })()
  await receiver.first(named('m'))
  await writeFile(join(directory, 'relabel.yml'), '- {target_label: rules, replacement: new}\n')
  agent.signal('SIGHUP')
  await receiver.first(sample => sample.labels.rules === 'new')
  isOver = true
  await pushing
  await receiver.first(sample => named('m')(sample) && sample.value === value - 1)
  t.deepEqual(
    valuesOf(receiver, 'm'),
    Array.from({ length: value }, (_, index) => index),
  )
})

test('what was answered is delivered, even if the agent is asked to stop at once', async t => {
  const { agent, receiver, push } = await start(t)
  t.is((await push(`m 1 ${T}\n`)).status, 204)
  agent.signal('SIGTERM')
  t.is(await agent.exited(), 0)
  t.deepEqual(valuesOf(receiver, 'm'), [1])
})
