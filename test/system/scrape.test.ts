// How targets are scraped, with the whole agent as a process of its own.
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { AgentProcess, makeDirectory } from '../support/agent-process.ts'
import { serve } from '../support/fetching.ts'
import { httpProxy } from '../support/proxies.ts'
import { type ReceivedSample, type Receiver, startReceiver } from '../support/receiver.ts'

/** Starts an agent with these jobs, given as YAML. */
async function startAgent(t: ExecutionContext, jobs: string): Promise<{ agent: AgentProcess; receiver: Receiver }> {
  const directory = await makeDirectory(t)
  const configFile = join(directory, 'scrape.yml')
  // A busy machine may take longer than the interval; no scrape is to fail for that.
  const patience = 'relabel_configs: [{target_label: __scrape_timeout__, replacement: 1m}]'
  await writeFile(configFile, `global: {scrape_interval: 250ms, ${patience}}\nscrape_configs:\n${jobs}`)
  const receiver = await startReceiver(t)
  const agent = new AgentProcess(t, {
    'promscrape.config': configFile,
    'remoteWrite.url': receiver.url,
    'remoteWrite.tmpDataPath': join(directory, 'queue'),
    'remoteWrite.flushInterval': '50ms',
    'remoteWrite.forcePromProto': 'true',
    httpListenAddr: '127.0.0.1:0',
    shards: '1',
  })
  return { agent, receiver }
}

const hostOf = (origin: string) => new URL(origin).host

/** What arrived of one metric of a job, in the order of time: timestamps and values, `stale` for a marker. */
function historyOf(receiver: Receiver, job: string, name: string): [timestampMs: number, value: number | 'stale'][] {
  return receiver.samples
    .filter(({ labels }) => labels.job === job && labels.__name__ === name)
    .map(
      ({ timestampMs, value }) =>
        [timestampMs, Number.isNaN(value) ? ('stale' as const) : value] as [number, number | 'stale'],
    )
    .sort(([a], [b]) => a - b)
}

/** Resolves when a sample of that metric and job arrives that satisfies `predicate`. */
function arrives(receiver: Receiver, job: string, name: string, predicate = (_: ReceivedSample) => true) {
  return receiver.first(sample => sample.labels.job === job && sample.labels.__name__ === name && predicate(sample))
}

/** Answers that break off or are wrong somewhere behind the line `half 1`. */
const BROKEN: Readonly<Record<string, (response: ServerResponse) => void>> = {
  truncated_gzip: response => {
    const body = gzipSync(`a 9\nhalf 1\n${'# filler\n'.repeat(5000)}b 9\n`, { level: 0 })
    response.setHeader('Content-Encoding', 'gzip').end(body.subarray(0, body.length - 100))
  },
  wrong_checksum: response => {
    const body = gzipSync('a 9\nhalf 1\nb 9\n')
    body[body.length - 6]! ^= 1
    response.setHeader('Content-Encoding', 'gzip').end(body)
  },
  reset: response => {
    response.writeHead(200, { 'Content-Length': 1000 })
    response.write('a 9\nhalf 1\n', () => setTimeout(() => response.socket!.resetAndDestroy(), 20))
  },
  short_length: response => {
    response.writeHead(200, { 'Content-Length': 1000 })
    response.write('a 9\nhalf 1\n', () => response.socket!.end())
  },
  cut_chunks: response => response.write('a 9\nhalf 1\n', () => response.socket!.end()),
  too_large: response => response.end(`a 9\nhalf 1\n${'# filler\n'.repeat(200)}`),
}

test('of a body that fails half-way nothing is sent; its series end once, and go on later', async t => {
  const jobs = await Promise.all(
    Object.entries(BROKEN).map(async ([job, breakOff]) => {
      let scrapes = 0
      const origin = await serve(t, (_, response) => {
        scrapes++
        if (scrapes === 2 || scrapes === 3) breakOff(response)
        else response.end(`a ${scrapes}\nb ${scrapes}\n`)
      })
      const size = job === 'too_large' ? '1KB' : '1MB'
      return `- {job_name: ${job}, max_scrape_size: ${size}, static_configs: [{targets: ["${hostOf(origin)}"]}]}\n`
    }),
  )
  const { receiver } = await startAgent(t, jobs.join(''))
  for (const job of Object.keys(BROKEN)) {
    await arrives(receiver, job, 'b', ({ value }) => value >= 4)
    const [up, a, b] = ['up', 'a', 'b'].map(name => historyOf(receiver, job, name).slice(0, name === 'up' ? 4 : 3))
    t.deepEqual(
      up!.map(([, value]) => value),
      [1, 0, 0, 1],
      job,
    )
    const [first, failed, , again] = up!.map(([timestampMs]) => timestampMs)
    for (const history of [a, b])
      t.deepEqual(
        history,
        [
          [first!, 1],
          [failed!, 'stale'],
          [again!, 4],
        ],
        job,
      )
    t.deepEqual(historyOf(receiver, job, 'half'), [], job)
  }
})

test('series with timestamps of their own end at the time of the scrape that misses them', async t => {
  let scrapes = 0
  const bodies = ['own 1 1600000000000\nplain 1\n', 'plain 2\n', 'own 3 1600000002000\n']
  const origin = await serve(t, (_, response) => response.end(bodies[scrapes++] ?? bodies.at(-1)))
  const job = `- {job_name: j, honor_timestamps: true, static_configs: [{targets: ["${hostOf(origin)}"]}]}\n`
  const { receiver } = await startAgent(t, job)
  await arrives(receiver, 'j', 'own', ({ value }) => value === 3)
  const [first, second, third] = historyOf(receiver, 'j', 'up').map(([timestampMs]) => timestampMs)
  t.deepEqual(historyOf(receiver, 'j', 'own').slice(0, 3), [
    [1600000000000, 1],
    [1600000002000, 3],
    [second!, 'stale'],
  ])
  t.deepEqual(historyOf(receiver, 'j', 'plain'), [
    [first!, 1],
    [second!, 2],
    [third!, 'stale'],
  ])
})

test('an offset is kept to the millisecond', async t => {
  const origin = await serve(t, (_, response) => response.end('m 1\n'))
  const { receiver } = await startAgent(
    t,
    `- {job_name: j, scrape_interval: 1s, scrape_offset: 333ms, static_configs: [{targets: ["${hostOf(origin)}"]}]}\n`,
  )
  await receiver.first(() => historyOf(receiver, 'j', 'up').length >= 3)
  for (const [timestampMs] of historyOf(receiver, 'j', 'm')) t.is(timestampMs % 1000, 333)
})

/** The samples of a text, line by line: what there is besides is a comment, or an exemplar behind it. */
function samplesOf(text: string): string[] {
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [, name, , labels = '', value, time] = /^(\w+)(\{(.*)\})? (\S+)(?: (-?[\d.]+))?$/.exec(
        line.replace(/ # \{.*$/, ''),
      )!
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [
        label!,
        JSON.parse(`"${text}"`),
      ])
      const sorted = pairs.sort(([a], [b]) => (a < b ? -1 : 1)).map(([label, text]) => `${label}=${text}`)
      return `${name}{${sorted}} ${Number(value)} ${time === undefined ? 'now' : Math.round(Number(time) * 1000)}`
    })
}

function receivedOf(receiver: Receiver, job: string): string[] {
  const times = new Set(historyOf(receiver, job, 'up').map(([timestampMs]) => timestampMs))
  const own = receiver.samples.filter(
    ({ labels: { job: ofJob, __name__: name } }) => ofJob === job && name !== 'up' && !name!.startsWith('scrape_'),
  )
  const lines = own.map(({ labels, value, timestampMs }) => {
    const { __name__: name, job: _, instance: __, ...rest } = labels
    const sorted = Object.entries(rest)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, text]) => `${label}=${text}`)
    return `${name}{${sorted}} ${value} ${times.has(timestampMs) ? 'now' : timestampMs}`
  })
  return [...new Set(lines)]
}

for (const file of ['prom-client.txt', 'prometheus-client.txt']) {
  test(`an exporter that would rather speak OpenMetrics does so if the job wants it: ${file}`, async t => {
    const openMetrics = readFileSync(new URL(`../fixtures/openmetrics/${file}`, import.meta.url), 'utf8')
    const accepted = new Map<string, string>()
    const origin = await serve(t, ({ url, headers }, response) => {
      accepted.set(url!, headers.accept!)
      if (!headers.accept!.includes('application/openmetrics-text')) response.end('text 1\n')
      else {
        response
          .setHeader('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
          .end(openMetrics)
      }
    })
    const target = `static_configs: [{targets: ["${hostOf(origin)}"]}]`
    const { receiver } = await startAgent(
      t,
      `- {job_name: plain, metrics_path: /plain, ${target}}
- {job_name: open, metrics_path: /open, honor_timestamps: true, ${target},
   scrape_protocols: [OpenMetricsText1.0.0, PrometheusText0.0.4]}
`,
    )
    await Promise.all([arrives(receiver, 'plain', 'up'), arrives(receiver, 'open', 'up')])
    t.is(accepted.get('/plain'), 'text/plain;version=0.0.4;q=1,*/*;q=0.1')
    t.deepEqual(receivedOf(receiver, 'plain'), ['text{} 1 now'])
    t.deepEqual(receivedOf(receiver, 'open').toSorted(), samplesOf(openMetrics).toSorted())
  })
}

test('tokens, proxies and limits work from the configuration to the target', async t => {
  const seen: string[] = []
  const origin = await serve(t, ({ headers }, response) => {
    seen.push(`${headers.host} ${headers.authorization} ${headers['x-key']}`)
    response.end('m{long_name="x"} 1\n')
  })
  const tokens = await serve(t, (_, response) => response.end('{"access_token":"tok","expires_in":3600}'))
  const keys = await serve(t, (_, response) => response.end('k3y\n'))
  const proxy = await httpProxy(t, origin)
  const { receiver, agent } = await startAgent(
    t,
    `- job_name: good
  proxy_url: http://${proxy.host}
  proxy_basic_auth: {username: u, password_file: "${keys}/p"}
  oauth2: {client_id: id, client_secret: secret, token_url: "${tokens}/t"}
  http_headers: {X-Key: {files: ["${keys}/k"]}}
  static_configs: [{targets: ["metrics.invalid:9100"]}]
- {job_name: limited, label_name_length_limit: 8, static_configs: [{targets: ["${hostOf(origin)}"]}]}
- {job_name: crowded, target_limit: 1, static_configs: [{targets: ["${hostOf(origin)}", "other.invalid"]}]}
`,
  )
  await arrives(receiver, 'good', 'm')
  t.true(seen.includes('metrics.invalid:9100 Bearer tok k3y'))
  t.like(proxy.asked[0], { what: 'GET http://metrics.invalid:9100/metrics' })
  t.is(proxy.asked[0]!.headers['proxy-authorization'], `Basic ${Buffer.from('u:k3y').toString('base64')}`)
  for (const [job, limit] of [
    ['limited', 'label_name_length_limit: 9 bytes'],
    ['crowded', 'target_limit: 2 targets'],
  ] as const) {
    await arrives(receiver, job, 'up', ({ value }) => value === 0)
    t.deepEqual(historyOf(receiver, job, 'm'), [])
    await agent.logged(new RegExp(`cannot scrape .*${limit}`))
  }
  const metrics = await (await fetch(`${await agent.url()}/metrics`)).text()
  t.regex(metrics, /^vm_promscrape_scrapes_skipped_by_label_limit_total [1-9]/m)
})
