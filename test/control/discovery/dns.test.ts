import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { DEFAULT_SCRAPE_OPTIONS } from '../../../lib/control/config/types.ts'
import {
  DnsPoll,
  type DnsQueries,
  type DnsSdConfig,
  dnsProvider,
  SystemDns,
} from '../../../lib/control/discovery/dns.ts'
import { Limiter } from '../../../lib/control/limiter.ts'
import { parseYaml } from '../../../lib/yaml/source.ts'
import { discovering, discoveryContext } from '../../support/discovering.ts'

const CONFIG: DnsSdConfig = { kind: 'dns_sd_configs', names: ['n'], type: 'SRV', port: 0, intervalMs: 60_000 }

const dnsError = (code: string) => Object.assign(new Error(`query ${code}`), { code })

/** Name servers that know what they are told to. */
function fakeDns(answers: Partial<DnsQueries>): DnsQueries {
  const none = () => Promise.reject(dnsError('ENODATA'))
  return { srv: none, mx: none, ns: none, addresses: none, close: () => {}, ...answers }
}

async function ask(config: Partial<DnsSdConfig>, answers: Partial<DnsQueries>) {
  const told: string[] = []
  const groups = await new DnsPoll({ ...CONFIG, ...config }, fakeDns(answers)).ask(problem => told.push(problem))
  for (const { kind, source, labels } of groups) {
    if (kind !== 'dns_sd_configs' || labels.__meta_dns_name !== source) throw new Error(JSON.stringify(groups))
  }
  return { told, groups: groups.map(({ targets, labels: { __meta_dns_name, ...labels } }) => [...targets, labels]) }
}

const portLabels = (host: string, port: string) => ({
  __meta_dns_srv_record_target: host,
  __meta_dns_srv_record_port: port,
})

test('SRV records tell host and port; the order is that of the addresses', async t => {
  const srv = async () => [
    { name: 'b.example.', port: 2 },
    { name: 'a.example', port: 1 },
  ]
  t.deepEqual((await ask({}, { srv })).groups, [
    ['a.example:1', portLabels('a.example', '1')],
    ['b.example:2', portLabels('b.example', '2')],
  ])
})

test('addresses get the port of the configuration, and the labels of SRV records', async t => {
  const addresses = async (name: string, family: 4 | 6) => (family === 4 ? ['10.0.0.2', '10.0.0.1'] : [`::${name}`])
  t.deepEqual((await ask({ type: 'A', port: 80 }, { addresses })).groups, [
    ['10.0.0.1:80', portLabels('10.0.0.1', '80')],
    ['10.0.0.2:80', portLabels('10.0.0.2', '80')],
  ])
  t.deepEqual((await ask({ type: 'AAAA', port: 80, names: ['1'] }, { addresses })).groups, [
    ['[::1]:80', portLabels('::1', '80')],
  ])
})

test('mail and name servers have labels of their own', async t => {
  const mx = async () => [{ exchange: 'mail.example.' }]
  const ns = async () => ['ns.example.']
  t.deepEqual((await ask({ type: 'MX', port: 25 }, { mx })).groups, [
    ['mail.example:25', { __meta_dns_mx_record_target: 'mail.example' }],
  ])
  t.deepEqual((await ask({ type: 'NS', port: 53 }, { ns })).groups, [
    ['ns.example:53', { __meta_dns_ns_record_target: 'ns.example' }],
  ])
})

test('a name that cannot be asked for keeps its targets; one that is gone has none', async t => {
  let code = ''
  const srv = async (name: string) => {
    if (name === 'flaky' && code !== '') throw dnsError(code)
    return [{ name, port: 1 }]
  }
  const poll = new DnsPoll({ ...CONFIG, names: ['flaky', 'good'] }, fakeDns({ srv }))
  const told: string[] = []
  const targets = async () => (await poll.ask(problem => told.push(problem))).flatMap(group => group.targets)
  t.deepEqual(await targets(), ['flaky:1', 'good:1'])
  code = 'ESERVFAIL'
  t.deepEqual(await targets(), ['flaky:1', 'good:1'])
  t.deepEqual(told, ['SRV records of flaky: query ESERVFAIL'])
  code = 'ENODATA'
  t.deepEqual(await targets(), ['good:1'])
  t.is(told.length, 1, 'a name may have no record today')
  code = 'ENOTFOUND'
  t.deepEqual(await targets(), ['good:1'])
  t.is(told[1], 'SRV records of flaky: there is no such name')
  code = ''
  t.deepEqual(await targets(), ['flaky:1', 'good:1'])
})

test('if no name can be asked for, nothing is told', async t => {
  const srv = () => Promise.reject(dnsError('ETIMEOUT'))
  await t.throwsAsync(ask({ names: ['a', 'b'] }, { srv }), {
    code: 'DISCOVERY_FAILED',
    message: 'SRV records of a: query ETIMEOUT',
  })
})

test('the hosts that the system knows are found', async t => {
  const config = { ...CONFIG, type: 'A', port: 9100, names: ['localhost'] } as const
  const { started, targets } = discovering(t, dnsProvider.open(config, discoveryContext()))
  await started
  t.deepEqual(targets(), ['127.0.0.1:9100'])
})

/** A name server for SRV records (RFC 1035, RFC 2782): one name has a record, another does not exist, others no answer. */
async function nameServer(t: ExecutionContext): Promise<string> {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const questionEnd = query.indexOf(0, 12) + 5
    const question = query.subarray(12, questionEnd)
    const isKnown = question.includes('known')
    if (!isKnown && !question.includes('missing')) return
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(isKnown ? 0x8180 : 0x8183, 2)
    header.writeUInt16BE(isKnown ? 1 : 0, 6)
    header.fill(0, 8)
    const target = Buffer.from('\x04host\x07example\x00', 'latin1')
    const record = Buffer.from([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 6 + target.length, 0, 1, 0, 2, 0x23, 0x8c])
    socket.send(Buffer.concat([header, question, ...(isKnown ? [record, target] : [])]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  return `127.0.0.1:${socket.address().port}`
}

test('name servers are asked', async t => {
  const dns = new SystemDns(new Limiter(1), [await nameServer(t)])
  t.like(await dns.srv('known.example'), [{ name: 'host.example', port: 9100 }])
  await t.throwsAsync(dns.srv('missing.example'), { code: 'ENOTFOUND' })
  const silent = dns.srv('silent.example')
  dns.close()
  await t.throwsAsync(silent, { code: 'ECANCELLED' })
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
  const config = dnsProvider.readConfig(parseYaml('c.yml', yaml, { strict: true }).root, scope)
  return { config, problems: problems.map(problem => problem.message) }
}

test('type, port and interval have defaults', t => {
  t.deepEqual(read('names: [a, b]').config, { ...CONFIG, names: ['a', 'b'], intervalMs: 30_000 })
  t.deepEqual(read('{names: [a], port: 5}').config.port, 0)
  t.deepEqual(read('{names: [a], type: mx}').config, {
    ...CONFIG,
    names: ['a'],
    type: 'MX',
    port: 25,
    intervalMs: 30_000,
  })
  t.deepEqual(read('{names: [a], type: a, port: 80, refresh_interval: 2m}').config, {
    ...CONFIG,
    names: ['a'],
    type: 'A',
    port: 80,
    intervalMs: 120_000,
  })
})

for (const [yaml, message] of [
  ['type: SRV', 'c.yml:1:1: names is missing'],
  ['{names: [a], type: TXT}', 'c.yml:1:20: type: unknown type "TXT"; known: SRV, A, AAAA, MX, NS'],
  ['{names: [a], type: A}', 'c.yml:1:1: port is missing; records of type A do not tell it'],
  ['{names: [a], type: NS}', 'c.yml:1:1: port is missing; records of type NS do not tell it'],
  ['{names: [a], type: AAAA, port: 65536}', 'c.yml:1:32: port: 65536 is no port; it is a number from 1 to 65535'],
] as const) {
  test(`${yaml} is a problem of the job`, t => t.deepEqual(read(yaml).problems, [message]))
}
