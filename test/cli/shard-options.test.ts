import test from 'ava'
import { parseCommandLine } from '../../lib/cli/command-line.ts'
import { FlagError } from '../../lib/cli/flag-error.ts'
import { toShardOptions } from '../../lib/cli/shard-options.ts'
import { relabelRulesOf } from '../../lib/control/relabel-config.ts'
import type { ShardOptions } from '../../shared/protocol.ts'

function optionsOf(...argv: string[]): ShardOptions {
  const command = parseCommandLine(argv, {})
  if (command.type !== 'run') throw new Error(`not run but ${command.type}`)
  return toShardOptions(command.flags, relabelRulesOf(undefined))
}

test('flags become options of shards', t => {
  const { hashSeed, ...options } = optionsOf(
    '-remoteWrite.label=dc=east,eq=a=b',
    '-remoteWrite.label=empty=',
    '-enableMetadata=false',
    '-usePromCompatibleNaming',
    '-promscrape.suppressScrapeErrors',
    '-promscrape.suppressScrapeErrorsDelay=5m',
    '-promscrape.maxResponseHeadersSize=8KiB',
  )
  t.is(hashSeed.length, 2)
  t.deepEqual(options, {
    remoteRelabelRules: [],
    views: [{ destinations: 0, relabelRules: [] }],
    compatibleNaming: true,
    remoteLabels: [
      { name: 'dc', value: 'east' },
      { name: 'eq', value: 'a=b' },
      { name: 'empty', value: '' },
    ],
    sendMetadata: false,
    suppressScrapeErrors: true,
    suppressScrapeErrorsDelayMs: 300_000,
    maxHeadBytes: 8192,
  })
})

test('each start has a seed of its own', t => {
  t.notDeepEqual(optionsOf().hashSeed, optionsOf().hashSeed)
})

test('a label without a name is refused, an empty one is none', t => {
  t.deepEqual(optionsOf('-remoteWrite.label=').remoteLabels, [])
  for (const text of ['dc', '=east']) {
    t.throws(() => optionsOf(`-remoteWrite.label=${text}`), { instanceOf: FlagError, message: /write name=value/ })
  }
})
