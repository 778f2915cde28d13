import type { ClusterOptions, ScrapeOptions } from '../control/config/types.ts'
import { expandEnv } from './expand-env.ts'
import { FlagError } from './flag-error.ts'
import type { Flags } from './flags.ts'

/**
 * What the scrape configuration needs to know from the command line.
 *
 * @param env variables for `%{NAME}` in configuration files; their own values may hold `%{NAME}` as well
 * @throws {FlagError} the flags `-promscrape.cluster.*` contradict each other
 */
export function toScrapeOptions(flags: Flags, env: Readonly<Record<string, string | undefined>>): ScrapeOptions {
  const values = Object.entries(env).map(([name, value = '']) => [name, expandEnv(value, env)] as const)
  return {
    strictParse: flags.bool('promscrape.config.strictParse'),
    env: Object.fromEntries(values),
    maxScrapeSizeBytes: flags.bytes('promscrape.maxScrapeSize'),
    noStaleMarkers: flags.bool('promscrape.noStaleMarkers'),
    streamParse: flags.bool('promscrape.streamParse'),
    disableCompression: flags.bool('promscrape.disableCompression'),
    disableKeepAlive: flags.bool('promscrape.disableKeepAlive'),
    seriesLimitPerTarget: flags.int('promscrape.seriesLimitPerTarget'),
    discoveryIntervalsMs: {
      file_sd_configs: flags.durationMs('promscrape.fileSDCheckInterval'),
      http_sd_configs: flags.durationMs('promscrape.httpSDCheckInterval'),
      dns_sd_configs: flags.durationMs('promscrape.dnsSDCheckInterval'),
    },
    suppressDuplicateScrapeTargetErrors: flags.bool('promscrape.suppressDuplicateScrapeTargetErrors'),
    dropOriginalLabels: flags.bool('promscrape.dropOriginalLabels'),
    maxDroppedTargets: flags.int('promscrape.maxDroppedTargets'),
    cluster: toClusterOptions(flags),
  }
}

function toClusterOptions(flags: Flags): ClusterOptions {
  const membersCount = flags.int('promscrape.cluster.membersCount')
  const text = flags.string('promscrape.cluster.memberNum')
  // Pods of a StatefulSet pass their name, which ends in their number: vmagent-3.
  const memberNum = Number(/^(?:.*-)?(\d+)$/.exec(text)?.[1])
  if (!(memberNum < membersCount)) {
    throw new FlagError(
      `flag -promscrape.cluster.memberNum: invalid value ${JSON.stringify(text)}; give a number, or a name that ends ` +
        `in - and a number, from 0 to ${membersCount - 1} as -promscrape.cluster.membersCount is ${membersCount}`,
    )
  }
  return {
    name: flags.string('promscrape.cluster.name'),
    membersCount,
    memberNum,
    replicationFactor: flags.int('promscrape.cluster.replicationFactor'),
    memberLabel: flags.string('promscrape.cluster.memberLabel'),
    shardByLabels: flags.strings('promscrape.cluster.shardByLabels'),
    memberUrlTemplate: flags.string('promscrape.cluster.memberURLTemplate'),
  }
}
