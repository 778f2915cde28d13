import test from 'ava'
import type { FlagName } from '../../lib/cli/flag-table.ts'
import { Flags } from '../../lib/cli/flags.ts'

const flagsOf = (items: Partial<Record<FlagName, readonly string[]>>): Flags =>
  new Flags(new Map(Object.entries(items) as [FlagName, readonly string[]][]))

function shown(flags: Flags, name: FlagName): string | undefined {
  return flags.toMetricsAndFlagsPage().find(flag => flag.name === name)?.value
}

test('a flag that is not set has its default, in its own type', t => {
  const flags = flagsOf({})
  t.is(flags.string('remoteWrite.tmpDataPath'), 'vmagent-remotewrite-data')
  t.true(flags.bool('enableMetadata'))
  t.is(flags.int('remoteWrite.maxRowsPerBlock'), 10_000)
  t.is(flags.float('memory.allowedPercent'), 60)
  t.is(flags.bytes('promscrape.maxScrapeSize'), 16 * 1024 * 1024)
  t.is(flags.durationMs('remoteWrite.flushInterval'), 1000)
  t.is(flags.secret('reloadAuthKey'), undefined)
  t.deepEqual(flags.strings('remoteWrite.url'), [])
  t.deepEqual(flags.strings('httpListenAddr'), [':8429'])
  t.false(flags.isSet('httpListenAddr'))
})

test('a flag that is set has its value, in its own type', t => {
  const flags = flagsOf({
    'remoteWrite.tmpDataPath': ['/data'],
    enableMetadata: ['F'],
    'remoteWrite.maxRowsPerBlock': ['0x10'],
    'memory.allowedPercent': ['1e1'],
    'promscrape.maxScrapeSize': ['5MB'],
    'remoteWrite.flushInterval': ['1.5s'],
    httpListenAddr: [''],
  })
  t.is(flags.string('remoteWrite.tmpDataPath'), '/data')
  t.false(flags.bool('enableMetadata'))
  t.is(flags.int('remoteWrite.maxRowsPerBlock'), 16)
  t.is(flags.float('memory.allowedPercent'), 10)
  t.is(flags.bytes('promscrape.maxScrapeSize'), 5_000_000)
  t.is(flags.durationMs('remoteWrite.flushInterval'), 1500)
  t.deepEqual(flags.strings('httpListenAddr'), [''])
  t.true(flags.isSet('httpListenAddr'))
})

test('a secret is given in place or as a file', t => {
  const flags = flagsOf({ reloadAuthKey: ['k'], metricsAuthKey: ['file://./keys/metrics'] })
  t.deepEqual(flags.secret('reloadAuthKey'), { value: 'k' })
  t.deepEqual(flags.secret('metricsAuthKey'), { file: './keys/metrics' })
})

test('item i belongs to URL i, and a URL without an item gets the default', t => {
  const flags = flagsOf({
    'remoteWrite.bearerToken': ['a', '', 'c'],
    'remoteWrite.tlsInsecureSkipVerify': ['true', 'false'],
    'remoteWrite.queues': ['3', '010'],
    'remoteWrite.sendTimeout': ['2s', '3s'],
    'remoteWrite.maxDiskUsagePerURL': ['1KB', '2KB'],
  })
  const urls = [0, 1, 2, 3]
  t.deepEqual(
    urls.map(url => flags.stringForUrl('remoteWrite.bearerToken', url)),
    ['a', '', 'c', ''],
  )
  t.deepEqual(
    urls.map(url => flags.boolForUrl('remoteWrite.tlsInsecureSkipVerify', url)),
    [true, false, false, false],
  )
  t.deepEqual(
    urls.slice(0, 2).map(url => flags.intForUrl('remoteWrite.queues', url)),
    [3, 10],
  )
  t.deepEqual(
    urls.map(url => flags.durationMsForUrl('remoteWrite.sendTimeout', url)),
    [2000, 3000, 60_000, 60_000],
  )
  t.deepEqual(
    urls.map(url => flags.bytesForUrl('remoteWrite.maxDiskUsagePerURL', url)),
    [1000, 2000, 0, 0],
  )
})

test('a single item belongs to all URLs', t => {
  const flags = flagsOf({ 'remoteWrite.bearerToken': ['a'] })
  t.deepEqual(
    [0, 1, 7].map(url => flags.stringForUrl('remoteWrite.bearerToken', url)),
    ['a', 'a', 'a'],
  )
})

test('the page lists all flags by name and says which are set', t => {
  const page = flagsOf({ dryRun: ['1'] }).toMetricsAndFlagsPage()
  const names = page.map(flag => flag.name)
  t.deepEqual(names, [...names].sort())
  t.deepEqual(
    page.filter(flag => flag.isSet),
    [{ name: 'dryRun', value: 'true', isSet: true }],
  )
})

test('values are shown normalised; a list is shown empty unless it is set', t => {
  const flags = flagsOf({
    'promscrape.maxScrapeSize': ['5mb'],
    'remoteWrite.flushInterval': ['90s'],
    'remoteWrite.queues': ['3', '04'],
    'remoteWrite.basicAuth.username': ['a,b', '', 'c'],
  })
  t.is(shown(flags, 'promscrape.maxScrapeSize'), '5MB')
  t.is(shown(flags, 'remoteWrite.flushInterval'), '1m30s')
  t.is(shown(flags, 'remoteWrite.queues'), '3,4')
  t.is(shown(flags, 'remoteWrite.basicAuth.username'), '"a,b",,c')
  t.is(shown(flags, 'remoteWrite.sendTimeout'), '')
  t.is(shown(flags, 'httpListenAddr'), '')
  t.is(shown(flags, 'promscrape.configCheckInterval'), '0s')
})

test('secrets are never shown, set or not', t => {
  const flags = flagsOf({
    'remoteWrite.url': ['http://u:p@host/'],
    'remoteWrite.headers': ['X: y'],
    'remoteWrite.bearerToken': ['abc'],
    'secret.flags': ['DRYRUN'],
    dryRun: ['true'],
  })
  const hidden: FlagName[] = [
    'remoteWrite.url',
    'remoteWrite.headers',
    'remoteWrite.bearerToken',
    'remoteWrite.basicAuth.password',
    'remoteWrite.basicAuth.passwordFile',
    'remoteWrite.tlsKeyFile',
    'reloadAuthKey',
    'remoteWrite.proxyURL',
    'pushmetrics.url',
    'secret.flags',
    'dryRun',
  ]
  for (const name of hidden) t.is(shown(flags, name), 'secret', name)
  t.is(shown(flags, 'remoteWrite.tlsCAFile'), '')
  t.is(shown(flags, 'promscrape.disableKeepAlive'), 'false')
})

test('URLs are shown with -remoteWrite.showURL', t => {
  const flags = flagsOf({ 'remoteWrite.url': ['http://a/', 'http://b/'], 'remoteWrite.showURL': ['true'] })
  t.is(shown(flags, 'remoteWrite.url'), 'http://a/,http://b/')
})
