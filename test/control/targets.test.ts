import test from 'ava'
import fc from 'fast-check'
import { DEFAULT_SCRAPE_OPTIONS, type JobConfig, type ScrapeOptions } from '../../lib/control/config/types.ts'
import { droppedTargetId } from '../../lib/control/dropped-id.ts'
import { quoteLabels } from '../../lib/control/quote.ts'
import { type BuiltTargets, TargetBuilder } from '../../lib/control/targets.ts'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { parseYaml } from '../../lib/yaml/source.ts'
import type { RelabelRuleSpec } from '../../shared/target.ts'

const JOB: JobConfig = {
  jobName: 'j',
  intervalMs: 60_000,
  timeoutMs: 10_000,
  alignIntervalMs: 0,
  metricsPath: '/metrics',
  scheme: 'http',
  params: [],
  http: { headers: [] },
  honorLabels: false,
  honorTimestamps: false,
  disableCompression: false,
  disableKeepAlive: false,
  followRedirects: true,
  noStaleMarkers: false,
  streamParse: false,
  maxBodyBytes: 1000,
  sampleLimit: 1,
  labelLimit: 2,
  seriesLimit: 3,
  externalLabels: [{ name: 'external', value: 'x' }],
  relabelRules: [],
  metricRelabelRules: [],
  discovery: [],
}

function rules(yaml: string): readonly RelabelRuleSpec[] {
  return parseRules(parseYaml('r.yml', yaml, { strict: true }).root).rules
}

function build(
  job: Partial<JobConfig>,
  targets: readonly string[],
  labels: Readonly<Record<string, string>> = {},
  options: Partial<ScrapeOptions> = {},
): BuiltTargets {
  const builder = new TargetBuilder({ ...JOB, ...job }, { ...DEFAULT_SCRAPE_OPTIONS, ...options })
  return builder.build([{ kind: 'static_configs', source: 'test', targets, labels }])
}

const labelsOf = (list: readonly { name: string; value: string }[]) =>
  Object.fromEntries(list.map(({ name, value }) => [name, value]))

const PARAMS = [
  ['b', ['1', '2']],
  ['a', ['x y', 'é&=']],
] as const
const QUERY = 'a=x+y&a=%C3%A9%26%3D&b=1&b=2'

/** Addresses, and the URL and instance that vmagent 1.145 makes of them. */
const ADDRESSES: readonly (readonly [address: string, url: string, instance: string])[] = [
  ['h:1', 'http://h:1/metrics', 'h:1'],
  ['h', 'http://h/metrics', 'h:80'],
  ['http://h', 'http://h/metrics', 'h:80'],
  ['https://h', 'https://h/metrics', 'h:443'],
  ['https://h:99/p/q?x=1', 'https://h:99/p/q?x=1', 'h:99'],
  ['h/p', 'http://h/p', 'h:80'],
  ['h:80/metrics?a=b', 'http://h:80/metrics?a=b', 'h:80'],
  ['https://h:443', 'https://h:443/metrics', 'h:443'],
  ['[::1]', 'http://[::1]/metrics', '[::1]'],
  ['[::1]:90', 'http://[::1]:90/metrics', '[::1]:90'],
  ['h:1/', 'http://h:1/', 'h:1'],
  ['h//x', 'http://h//x', 'h:80'],
  ['user:pw@h:1', 'http://user:pw@h:1/metrics', 'user:pw@h:1'],
]

for (const [address, url, instance] of ADDRESSES) {
  test(`address ${address} is scraped at ${url} as instance ${instance}`, t => {
    const { targets, problems } = build({}, [address])
    t.deepEqual(problems, [])
    t.is(targets[0]!.spec.url, url)
    t.deepEqual(labelsOf(targets[0]!.spec.labels), { instance, job: 'j' })
    const withQuery = build({ params: PARAMS }, [address]).targets[0]!.spec.url
    t.is(withQuery, `${url}${url.includes('?') ? '&' : '?'}${QUERY}`)
  })
}

const OVERRIDES: readonly (readonly [labels: Record<string, string>, url: string, own: Record<string, string>])[] = [
  [{ __metrics_path__: 'm/x' }, 'http://h:1/m/x?p=1', { instance: 'h:1', job: 'j' }],
  [{ __metrics_path__: '', __scheme__: '' }, 'http://h:1/metrics?p=1', { instance: 'h:1', job: 'j' }],
  [{ __metrics_path__: '/k?a=1', __scheme__: 'https' }, 'https://h:1/k?a=1&p=1', { instance: 'h:1', job: 'j' }],
  [
    { __param_p: 'Z', __param_q: 'new', __param_: 'e' },
    'http://h:1/metrics?=e&p=Z&q=new',
    { instance: 'h:1', job: 'j' },
  ],
  [{ __param_p: '' }, 'http://h:1/metrics', { instance: 'h:1', job: 'j' }],
  [{ __address__: 'zz:3' }, 'http://zz:3/metrics?p=1', { instance: 'zz:3', job: 'j' }],
  [{ instance: '', job: '' }, 'http://h:1/metrics?p=1', { instance: 'h:1' }],
  [{ instance: 'i', __name__: 'x', __meta_x: 'y' }, 'http://h:1/metrics?p=1', { instance: 'i', job: 'j' }],
]

for (const [labels, url, own] of OVERRIDES) {
  test(`labels ${JSON.stringify(labels)} override what the job says`, t => {
    const [target] = build({ params: [['p', ['1']]] }, ['h:1'], labels).targets
    t.is(target!.spec.url, url)
    t.deepEqual(labelsOf(target!.spec.labels), own)
  })
}

test('a target knows the labels that it was discovered with, sorted', t => {
  const [target] = build(
    {
      params: [
        ['p', ['1', '2']],
        ['none', []],
      ],
      intervalMs: 90_000,
    },
    ['h:1'],
    { env: 'x' },
  ).targets
  t.is(target!.scrapePool, 'j')
  t.is(target!.kind, 'static_configs')
  t.deepEqual(
    target!.discoveredLabels.unpack().map(({ name, value }) => `${name}=${value}`),
    [
      ...['__address__=h:1', '__metrics_path__=/metrics', '__param_p=1', '__scheme__=http'],
      ...['__scrape_interval__=1m30s', '__scrape_timeout__=10s', 'env=x', 'job=j'],
    ],
  )
  t.deepEqual(build({}, ['h:1'], {}, { dropOriginalLabels: true }).targets[0]!.discoveredLabels.unpack(), [])
})

test('labels can set intervals and limits; they alone can make a timeout longer than the interval', t => {
  const spec = (labels: Record<string, string>) => build({}, ['h:1'], labels).targets[0]!.spec
  t.like(spec({}), { intervalMs: 60_000, timeoutMs: 10_000, sampleLimit: 1, labelLimit: 2, seriesLimit: 3 })
  t.like(spec({ __scrape_interval__: '15s', __scrape_timeout__: '1m' }), { intervalMs: 15_000, timeoutMs: 60_000 })
  t.like(spec({ __scrape_interval__: '5s' }), { intervalMs: 5000, timeoutMs: 10_000 })
  t.like(spec({ __scrape_interval__: '', __scrape_timeout__: '2s' }), { intervalMs: 60_000, timeoutMs: 2000 })
  t.like(spec({ __sample_limit__: '5', __label_limit__: '0', __series_limit__: '-3' }), {
    sampleLimit: 5,
    labelLimit: 0,
    seriesLimit: 0,
  })
  t.is(spec({ __max_scrape_size__: '1.5KiB' }).maxBodyBytes, 1536)
  for (const text of ['true', 'F', '1', '']) t.is(spec({ __stream_parse__: text }).maxBodyBytes, 1000)
})

for (const labels of [
  { __scrape_interval__: 'bad' },
  { __scrape_interval__: '0s' },
  { __scrape_timeout__: '-1s' },
  { __sample_limit__: 'x' },
  { __label_limit__: '1.5' },
  { __max_scrape_size__: '5 apples' },
  { __max_scrape_size__: '0' },
  { __stream_parse__: 'yes' },
  { __address__: 'h:port' },
  { __address__: 'two words' },
  { __scheme__: 'ftp' },
]) {
  test(`a target with ${JSON.stringify(labels)} is skipped, and says why`, t => {
    const { targets, dropped, problems } = build({}, ['h:1'], labels as Record<string, string>)
    t.deepEqual([targets, dropped], [[], []])
    t.is(problems.length, 1)
    t.regex(problems[0]!, /^job j: skipping target h:1 of test: /)
  })
}

test('dropped targets keep their labels and the reason', t => {
  const relabelRules = rules(`
- {source_labels: [__address__], regex: gone.*, action: drop}
- {source_labels: [__address__], regex: empty.*, target_label: __address__, replacement: ""}
`)
  const { targets, dropped, problems } = build({ relabelRules }, ['a:1', 'gone:1', 'empty:1', 'a:1', 'a:1', ''])
  t.is(targets.length, 1)
  t.deepEqual(
    dropped.map(({ reason, discoveredLabels }) => `${labelsOf(discoveredLabels.unpack()).__address__} ${reason}`),
    ['gone:1 relabeling', 'empty:1 missing scrape URL', 'a:1 duplicate', 'a:1 duplicate'],
  )
  t.is(problems.filter(problem => problem.includes('duplicate')).length, 2)
  t.is(problems.filter(problem => problem.includes('empty target')).length, 1)
  const quiet = build({}, ['a:1', 'a:1'], {}, { suppressDuplicateScrapeTargetErrors: true })
  t.deepEqual([quiet.dropped.length, quiet.problems], [1, []])
})

test('a job that has more targets than it may scrapes none of them', t => {
  const ids = new Set<string>()
  for (const [targetLimit, isRefused] of [
    [0, false],
    [2, false],
    [1, true],
  ] as const) {
    const { targets } = build({ targetLimit }, ['a:1', 'b:1', 'a:1'])
    t.is(targets.length, 2)
    for (const { spec } of targets) {
      t.is(spec.refusal !== undefined, isRefused)
      t.regex(spec.id, /^[0-9a-f]{16}$/)
      ids.add(spec.id)
    }
  }
  t.is(ids.size, 4, 'it is another target then')
  t.regex(build({ targetLimit: 1 }, ['a:1', 'b:1']).targets[0]!.spec.refusal!, /2 targets against 1 allowed/)
})

test('a job may want fewer dropped targets to be remembered', t => {
  const relabelRules = rules('[{action: drop, source_labels: [__address__], regex: "d.*"}]')
  const dropped = (keepDroppedTargets: number) =>
    build({ relabelRules, keepDroppedTargets }, ['d1', 'd2', 'd3']).dropped.length
  t.deepEqual([dropped(0), dropped(2), dropped(9)], [3, 2, 3])
})

test('of many dropped targets only so many are remembered, but all are counted', t => {
  const relabelRules = rules('- {source_labels: [__address__], regex: gone.*, action: drop}\n')
  const addresses = ['a:1', 'a:1', 'gone:1', 'gone:2', 'gone:3']
  const { dropped, droppedCounts } = build({ relabelRules }, addresses, {}, { maxDroppedTargets: 2 })
  t.is(dropped.length, 2)
  t.deepEqual(droppedCounts, { relabeling: 3, 'missing scrape URL': 0, duplicate: 1, sharding: 0 })
  const unlabelled = build({ relabelRules }, addresses, {}, { dropOriginalLabels: true })
  t.deepEqual([unlabelled.dropped, unlabelled.droppedCounts], [[], droppedCounts])
})

test('a dropped target has an id of its own, which stays', t => {
  const relabelRules = rules('- {action: drop, if: \'{gone="yes"}\'}\n')
  const drop = (address: string) => build({ relabelRules }, [address], { gone: 'yes' }).dropped[0]!
  t.regex(droppedTargetId(drop('a:1')), /^[0-9a-f]{16}$/)
  t.is(droppedTargetId(drop('a:1')), droppedTargetId(drop('a:1')))
  t.not(droppedTargetId(drop('a:1')), droppedTargetId(drop('a:2')))
})

test('targets that differ in any respect are no duplicates', t => {
  const builder = new TargetBuilder(JOB, DEFAULT_SCRAPE_OPTIONS)
  const group = { kind: 'static_configs', source: 'test', targets: ['a:1'] } as const
  const { targets } = builder.build([
    { ...group, labels: {} },
    { ...group, labels: { __scrape_timeout__: '1s' } },
    { ...group, labels: { l: '1' } },
  ])
  t.is(targets.length, 3)
})

test('relabeling sees all labels and may write any', t => {
  const relabelRules = rules(`
- {source_labels: [__meta_zone], target_label: zone}
- {source_labels: [__address__, __scrape_timeout__], separator: "|", target_label: __tmp_join}
- {source_labels: [__tmp_join], target_label: joined}
- {target_label: __scrape_interval__, replacement: 5s}
- {target_label: __param_q, replacement: "v w"}
`)
  const [target] = build({ relabelRules }, ['h:1'], { __meta_zone: 'z' }).targets
  t.deepEqual(labelsOf(target!.spec.labels), { instance: 'h:1', job: 'j', joined: 'h:1|10s', zone: 'z' })
  t.like(target!.spec, { intervalMs: 5000, timeoutMs: 10_000, url: 'http://h:1/metrics?q=v+w' })
})

const CLUSTER = DEFAULT_SCRAPE_OPTIONS.cluster

test('the targets of a cluster are shared out as vmagent does it', t => {
  const hosts = Array.from({ length: 24 }, (_, index) => `host-${index}.invalid:${9000 + index}`)
  const cluster = { ...CLUSTER, membersCount: 3, memberLabel: 'member' }
  const member = (memberNum: number, replicationFactor: number) =>
    build({}, hosts, {}, { cluster: { ...cluster, memberNum, replicationFactor } })
  const numbers = ({ targets }: BuiltTargets) =>
    targets.map(({ spec }) => Number(/host-(\d+)/.exec(spec.url)![1])).sort((a, b) => a - b)
  t.deepEqual(numbers(member(0, 1)), [1, 4, 5, 8, 13, 21, 23])
  t.deepEqual(
    [0, 1, 2].flatMap(memberNum => numbers(member(memberNum, 1))).sort((a, b) => a - b),
    hosts.map((_, index) => index),
  )
  t.is([0, 1, 2].flatMap(memberNum => numbers(member(memberNum, 2))).length, 48)
  t.is(numbers(member(2, 3)).length, 24)
  const { targets, dropped } = member(1, 1)
  t.is(labelsOf(targets[0]!.spec.labels).member, '1')
  t.true(dropped.every(({ reason, members }) => reason === 'sharding' && members![0]!.number !== 1))
})

test('the labels to shard by keep targets together that share them; those without any spread as usual', t => {
  const hosts = Array.from({ length: 24 }, (_, index) => `host-${index}:9000`)
  const shardByLabels = ['missing', 'rack']
  const member = (memberNum: number, labels: Readonly<Record<string, string>>) =>
    build({}, hosts, labels, { cluster: { ...CLUSTER, membersCount: 3, memberNum, shardByLabels } }).targets.length
  for (const rack of ['a', 'b', 'c', 'd']) {
    const counts = [0, 1, 2].map(memberNum => member(memberNum, { rack })).sort()
    t.deepEqual(counts, [0, 0, 24])
  }
  const spread = [0, 1, 2].map(memberNum => member(memberNum, {}))
  t.true(spread.every(count => count > 0 && count < 24))
  t.is(spread[0]! + spread[1]! + spread[2]!, 24)
})

test('ids and job keys follow from the content alone', t => {
  const [first] = build({}, ['h:1']).targets
  t.regex(first!.spec.id, /^[0-9a-f]{16}$/)
  t.is(build({}, ['h:1']).targets[0]!.spec.id, first!.spec.id)
  for (const job of [{ jobName: 'k' }, { honorLabels: true }, { intervalMs: 30_000 }, { externalLabels: [] }]) {
    t.not(build(job, ['h:1']).targets[0]!.spec.id, first!.spec.id, JSON.stringify(job))
  }
  const key = (job: Partial<JobConfig>) => new TargetBuilder({ ...JOB, ...job }, DEFAULT_SCRAPE_OPTIONS).jobSpec.key
  t.is(key({}), first!.spec.jobKey)
  t.is(key({ intervalMs: 1 }), first!.spec.jobKey)
  t.not(key({ honorLabels: true }), first!.spec.jobKey)
})

const anyLabels = fc.dictionary(
  fc.constantFrom(
    'a',
    'job',
    'instance',
    '__address__',
    '__scheme__',
    '__metrics_path__',
    '__param_x',
    '__sample_limit__',
  ),
  fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('', 'https', 'h:1', '/p?q', '5')),
)
test('any target becomes a sound spec, a dropped target or a problem', t => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 12, unit: 'binary' }), anyLabels, (address, labels) => {
      const { targets, dropped, problems } = build({}, [address], labels)
      t.is(targets.length + dropped.length + problems.length, 1)
      for (const { spec } of targets) {
        t.true(URL.canParse(spec.url))
        t.true(spec.offsetMs >= 0 && spec.offsetMs < spec.intervalMs && Number.isInteger(spec.offsetMs))
        const names = spec.labels.map(label => label.name)
        t.deepEqual(names, [...new Set(names)].sort())
        t.true(spec.labels.every(({ name, value }) => value !== '' && !name.startsWith('__')))
      }
    }),
    { numRuns: 500 },
  )
})

test('label values are quoted as Go does', t => {
  const quoted = quoteLabels([{ name: 'a', value: 'x"\\\n\t\x01é\u00a0\u200b😀\x7f' }])
  t.is(quoted, '{a="x\\"\\\\\\n\\t\\x01é\\u00a0\\u200b😀\\x7f"}')
})
