import test from 'ava'
import { parseCommandLine } from '../../lib/cli/command-line.ts'
import { FlagError } from '../../lib/cli/flag-error.ts'
import { toScrapeOptions } from '../../lib/cli/scrape-options.ts'
import { DEFAULT_SCRAPE_OPTIONS, type ScrapeOptions } from '../../lib/control/config/types.ts'

function optionsOf(argv: readonly string[], env: Record<string, string> = {}): ScrapeOptions {
  const command = parseCommandLine(argv, {})
  if (command.type !== 'run') throw new Error(command.type)
  return toScrapeOptions(command.flags, env)
}

test('the defaults of the flags are those of the scrape configuration', t => {
  t.deepEqual(optionsOf([]), DEFAULT_SCRAPE_OPTIONS)
})

test('every flag of scraping reaches the scrape configuration', t => {
  t.deepEqual(
    optionsOf([
      '-promscrape.config.strictParse=false',
      '-promscrape.maxScrapeSize=1MB',
      '-promscrape.noStaleMarkers',
      '-promscrape.streamParse',
      '-promscrape.disableCompression',
      '-promscrape.disableKeepAlive',
      '-promscrape.fileSDCheckInterval=5s',
      '-promscrape.suppressDuplicateScrapeTargetErrors',
      '-promscrape.dropOriginalLabels',
      '-promscrape.maxDroppedTargets=7',
      '-promscrape.httpSDCheckInterval=7s',
      '-promscrape.dnsSDCheckInterval=8s',
      '-promscrape.cluster.name=c',
      '-promscrape.cluster.membersCount=5',
      '-promscrape.cluster.memberNum=agent-4',
      '-promscrape.cluster.replicationFactor=2',
      '-promscrape.cluster.memberLabel=member',
      '-promscrape.cluster.shardByLabels=rack,zone',
      '-promscrape.cluster.memberURLTemplate=http://agent-%d/',
    ]),
    {
      strictParse: false,
      env: {},
      maxScrapeSizeBytes: 1_000_000,
      noStaleMarkers: true,
      streamParse: true,
      disableCompression: true,
      disableKeepAlive: true,
      seriesLimitPerTarget: 0,
      discoveryIntervalsMs: { file_sd_configs: 5000, http_sd_configs: 7000, dns_sd_configs: 8000 },
      suppressDuplicateScrapeTargetErrors: true,
      dropOriginalLabels: true,
      maxDroppedTargets: 7,
      cluster: {
        name: 'c',
        membersCount: 5,
        memberNum: 4,
        replicationFactor: 2,
        memberLabel: 'member',
        shardByLabels: ['rack', 'zone'],
        memberUrlTemplate: 'http://agent-%d/',
      },
    },
  )
})

test('variables come with the variables in them resolved', t => {
  t.deepEqual(optionsOf([], { A: '1%{B}', B: '2' }).env, { A: '12', B: '2' })
})

for (const member of ['0', 'x-0', '1', 'a-b-1']) {
  test(`${member} is a member of two`, t => {
    const { cluster } = optionsOf(['-promscrape.cluster.membersCount=2', `-promscrape.cluster.memberNum=${member}`])
    t.is(cluster.memberNum, Number(member.at(-1)))
  })
}

for (const member of ['2', 'x-2', 'x', 'x-', '', '1.5']) {
  test(`${JSON.stringify(member)} is no member of two`, t => {
    const argv = ['-promscrape.cluster.membersCount=2', `-promscrape.cluster.memberNum=${member}`]
    t.throws(() => optionsOf(argv), {
      instanceOf: FlagError,
      message: /from 0 to 1 as -promscrape\.cluster\.membersCount/,
    })
  })
}
