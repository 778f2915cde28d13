import test from 'ava'
import { parseCommandLine } from '../../lib/cli/command-line.ts'
import { memoryBudget, toDestinations, toWriterOptions } from '../../lib/cli/destinations.ts'
import { FlagError } from '../../lib/cli/flag-error.ts'
import type { Flags } from '../../lib/cli/flags.ts'

const BUDGET_BYTES = 2 ** 30

function flagsOf(...argv: readonly string[]): Flags {
  const command = parseCommandLine(argv, {})
  if (command.type !== 'run') throw new Error(command.type)
  return command.flags
}

const destinationsOf = (...argv: readonly string[]) => toDestinations(flagsOf(...argv), BUDGET_BYTES)

test('a destination has the defaults of the reference', t => {
  t.deepEqual(destinationsOf('-remoteWrite.url=http://host:8428/api/v1/write', '-remoteWrite.queues=4'), [
    {
      url: 'http://host:8428/api/v1/write',
      name: '1:secret-url',
      http: { headers: [] },
      sendTimeoutMs: 60_000,
      retryMinMs: 1000,
      retryMaxMs: 60_000,
      queues: 4,
      queueBytesMax: BUDGET_BYTES / 2,
    },
  ])
})

test('flags belong to destinations by position', t => {
  const [first, second] = destinationsOf(
    '-remoteWrite.url=http://a/,https://b/',
    '-remoteWrite.basicAuth.username=user,',
    '-remoteWrite.basicAuth.password=p:w,',
    '-remoteWrite.bearerToken=,tok',
    '-remoteWrite.headers=X-One: 1^^X-Two:two words,X-One: second',
    '-remoteWrite.sendTimeout=5s,6s',
    '-remoteWrite.queues=0,2',
    '-remoteWrite.tlsCAFile=,ca.pem',
    '-remoteWrite.tlsCertFile=,cert.pem',
    '-remoteWrite.tlsKeyFile=,key.pem',
    '-remoteWrite.tlsServerName=,name',
    '-remoteWrite.tlsInsecureSkipVerify=false,true',
  )
  t.deepEqual(first!.http, {
    auth: { type: 'basic', username: { value: 'user' }, password: { value: 'p:w' } },
    headers: [
      ['X-One', '1'],
      ['X-Two', 'two words'],
    ],
  })
  t.deepEqual(second!.http, {
    auth: { type: 'authorization', scheme: 'Bearer', credentials: { value: 'tok' } },
    headers: [['X-One', 'second']],
    tls: {
      ca: { file: 'ca.pem' },
      cert: { file: 'cert.pem' },
      key: { file: 'key.pem' },
      serverName: 'name',
      insecureSkipVerify: true,
    },
  })
  t.deepEqual([first!.name, second!.name], ['1:secret-url', '2:secret-url'])
  t.deepEqual([first!.sendTimeoutMs, second!.sendTimeoutMs], [5000, 6000])
  t.deepEqual([first!.queues, second!.queues], [1, 2])
})

test('secrets may be in files', t => {
  const [basic] = destinationsOf(
    '-remoteWrite.url=http://a/',
    '-remoteWrite.basicAuth.usernameFile=/u',
    '-remoteWrite.basicAuth.passwordFile=/p',
  )
  t.deepEqual(basic!.http.auth, { type: 'basic', username: { file: '/u' }, password: { file: '/p' } })
  const [bearer] = destinationsOf('-remoteWrite.url=http://a/', '-remoteWrite.bearerTokenFile=/t')
  t.deepEqual(bearer!.http.auth, { type: 'authorization', scheme: 'Bearer', credentials: { file: '/t' } })
})

test('a user in the URL becomes basic auth and leaves the URL; flags go before it', t => {
  const url = '-remoteWrite.url=http://us%20er:p%40w@host/path?q=1'
  const [destination] = destinationsOf(url, '-remoteWrite.showURL')
  t.is(destination!.url, 'http://host/path?q=1')
  t.is(destination!.name, '1:http://host/path?q=1')
  t.deepEqual(destination!.http.auth, { type: 'basic', username: { value: 'us er' }, password: { value: 'p@w' } })
  const [other] = destinationsOf(url, '-remoteWrite.bearerToken=t')
  t.is(other!.http.auth?.type, 'authorization')
  const [broken] = destinationsOf('-remoteWrite.url=http://u:%zz@host/')
  t.deepEqual(broken!.http.auth, { type: 'basic', username: { value: 'u' }, password: { value: '%zz' } })
})

test('the memory for queues is shared among the destinations, and holds at least a block for each', t => {
  const urls = '-remoteWrite.url=http://a/,http://b/,http://c/,http://d/'
  t.deepEqual(
    destinationsOf(urls).map(destination => destination.queueBytesMax),
    Array.from({ length: 4 }, () => BUDGET_BYTES / 8),
  )
  t.is(toDestinations(flagsOf(urls, '-remoteWrite.maxBlockSize=1MB'), 1000)[0]!.queueBytesMax, 1_000_000)
})

test('the budget follows -memory.allowedBytes', t => {
  t.is(memoryBudget(flagsOf('-memory.allowedBytes=8MiB')), 8 * 2 ** 20)
  t.true(memoryBudget(flagsOf('-memory.allowedPercent=10')) < memoryBudget(flagsOf('-memory.allowedPercent=20')))
})

test('the old name of the longest pause counts only without the new one, which is never below the shortest', t => {
  const url = '-remoteWrite.url=http://a/'
  const pauses = (...argv: string[]) =>
    destinationsOf(url, ...argv).map(({ retryMinMs, retryMaxMs }) => [retryMinMs, retryMaxMs])[0]
  t.deepEqual(pauses('-remoteWrite.retryMaxTime=20s'), [1000, 20_000])
  t.deepEqual(pauses('-remoteWrite.retryMaxTime=20s', '-remoteWrite.retryMaxInterval=30s'), [1000, 30_000])
  t.deepEqual(pauses('-remoteWrite.retryMinInterval=10s', '-remoteWrite.retryMaxInterval=2s'), [2000, 2000])
})

const REFUSED: readonly (readonly [title: string, argv: readonly string[], problem: RegExp])[] = [
  ['no URL', [], /set -remoteWrite\.url/],
  ['an empty URL', ['-remoteWrite.url=http://a/,'], /-remoteWrite\.url number 2 is not a URL/],
  ['text that is no URL', ['-remoteWrite.url=foo'], /number 1 is not a URL/],
  ['a URL without a host', ['-remoteWrite.url=http://'], /number 1 is not a URL/],
  ['another scheme', ['-remoteWrite.url=ftp://a/'], /begins with ftp: instead/],
  [
    'two kinds of credentials',
    ['-remoteWrite.url=http://a/', '-remoteWrite.basicAuth.username=u', '-remoteWrite.bearerToken=t'],
    /both set for destination 1/,
  ],
  [
    'a secret and its file',
    ['-remoteWrite.url=http://a/', '-remoteWrite.bearerToken=t', '-remoteWrite.bearerTokenFile=f'],
    /-remoteWrite\.bearerToken and -remoteWrite\.bearerTokenFile are both set/,
  ],
  [
    'a secret behind a URL',
    ['-remoteWrite.url=http://a/', '-remoteWrite.bearerTokenFile=https://a/t'],
    /only files are read/,
  ],
  [
    'a certificate behind a URL',
    ['-remoteWrite.url=http://a/', '-remoteWrite.tlsCAFile=http://a/ca'],
    /only files are read/,
  ],
  ['a certificate without key', ['-remoteWrite.url=http://a/', '-remoteWrite.tlsCertFile=c'], /has only one/],
  ['a header without value', ['-remoteWrite.url=http://a/', '-remoteWrite.headers=foo'], /not name:value/],
  ['an empty header', ['-remoteWrite.url=http://a/', '-remoteWrite.headers=a:b^^'], /not name:value/],
  ['a header without name', ['-remoteWrite.url=http://a/', '-remoteWrite.headers=:b'], /not name:value/],
  ['a header with a line break', ['-remoteWrite.url=http://a/', '-remoteWrite.headers=a:b\r\nc: d'], /not name:value/],
]
for (const [title, argv, problem] of REFUSED) {
  test(`${title} is refused`, t => {
    t.throws(() => destinationsOf(...argv), { instanceOf: FlagError, message: problem })
  })
}

test('errors about URLs and headers do not show secrets', t => {
  for (const flag of ['-remoteWrite.url=ht!tp://u:hunter2@a', '-remoteWrite.headers=hunter2']) {
    const error = t.throws(() => destinationsOf('-remoteWrite.url=http://a/', flag), { instanceOf: FlagError })
    t.false(error.message.includes('hunter2'))
  }
})

test('blocks close by bytes, samples and time', t => {
  t.deepEqual(toWriterOptions(flagsOf()), {
    flushIntervalMs: 1000,
    blockRawBytesMax: 8 * 2 ** 20,
    blockSamplesMax: 10_000,
  })
  t.deepEqual(
    toWriterOptions(
      flagsOf('-remoteWrite.flushInterval=100ms', '-remoteWrite.maxBlockSize=1MB', '-remoteWrite.maxRowsPerBlock=7'),
    ),
    { flushIntervalMs: 100, blockRawBytesMax: 1_000_000, blockSamplesMax: 7 },
  )
})
