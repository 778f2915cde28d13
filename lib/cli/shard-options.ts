import { randomBytes } from 'node:crypto'
import type { RemoteRules, ShardOptions } from '../../shared/protocol.ts'
import type { Label } from '../../shared/target.ts'
import { FlagError } from './flag-error.ts'
import type { Flags } from './flags.ts'

/**
 * What holds for all targets of all shards.
 *
 * @param rules those of remote write, as they were read from files
 * @throws {FlagError} `-remoteWrite.label` is not name=value
 */
export function toShardOptions(flags: Flags, rules: Pick<RemoteRules, 'remoteRelabelRules' | 'views'>): ShardOptions {
  const seed = randomBytes(8)
  return {
    ...rules,
    compatibleNaming: flags.bool('usePromCompatibleNaming'),
    remoteLabels: flags.strings('remoteWrite.label').flatMap(toLabel),
    sendMetadata: flags.bool('enableMetadata'),
    // Nobody who exposes series can know it, and so make them collide.
    hashSeed: [seed.readUInt32LE(0), seed.readUInt32LE(4)],
    suppressScrapeErrors: flags.bool('promscrape.suppressScrapeErrors'),
    suppressScrapeErrorsDelayMs: flags.durationMs('promscrape.suppressScrapeErrorsDelay'),
    maxHeadBytes: flags.bytes('promscrape.maxResponseHeadersSize'),
  }
}

function toLabel(text: string): Label[] {
  if (text === '') return []
  const equals = text.indexOf('=')
  if (equals > 0) return [{ name: text.slice(0, equals), value: text.slice(equals + 1) }]
  throw new FlagError(`flag -remoteWrite.label: invalid value ${JSON.stringify(text)}; write name=value`)
}
