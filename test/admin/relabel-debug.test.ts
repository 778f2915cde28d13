import test from 'ava'
import { debugAnswer, debugRelabeling } from '../../lib/admin/relabel-debug.ts'
import type { TargetRelabeling } from '../../lib/admin/view.ts'
import { parseRules } from '../../lib/relabel/parse-rules.ts'
import { parseYaml } from '../../lib/yaml/source.ts'
import { FakeView } from './fake-view.ts'

const rulesOf = (yaml: string) => parseRules(parseYaml('r.yml', yaml, { strict: true }).root).rules

const TARGET: TargetRelabeling = {
  discoveredLabels: [
    { name: '__address__', value: 'a:1' },
    { name: '__meta_zone', value: 'z' },
    { name: 'job', value: 'j' },
  ],
  labels: [
    { name: 'instance', value: 'a:1' },
    { name: 'job', value: 'j' },
  ],
  targetRules: rulesOf('- {action: labelmap, regex: __meta_(.+)}\n'),
  metricRules: rulesOf('- {action: drop, if: up}\n- {target_label: __tmp, replacement: x}\n'),
  params: [['q', ['1', '2']]],
}

function debug(kind: 'metric' | 'target', args: Record<string, string>, target?: Partial<TargetRelabeling>) {
  const view = new FakeView()
  view.relabelings.set('0123456789abcdef', { ...TARGET, ...target })
  return debugRelabeling(kind, view, args)
}

/** Steps without markup: what they say, and the labels after them. */
function stepsOf(kind: 'metric' | 'target', args: Record<string, string>, target?: Partial<TargetRelabeling>) {
  const { trace, error } = debug(kind, args, target)
  if (error !== undefined) return error
  return trace?.steps.map(
    ({ rule, after }) => `${rule.trim()} -> ${after.map(({ name, value }) => `${name}=${value}`)}`,
  )
}

test('rules are taken one by one, until the labels are dropped', t => {
  const relabel_configs =
    '- {target_label: b, replacement: x}\n- {action: drop, if: m}\n- {action: labeldrop, regex: a}\n'
  t.deepEqual(stepsOf('metric', { metric: 'm{a="1"}', relabel_configs }), [
    'target_label: b\nreplacement: x -> __name__=m,a=1,b=x',
    'if: m\naction: drop -> ',
  ])
  t.deepEqual(debug('metric', { metric: 'm', relabel_configs }).trace?.result, [])
})

test('what follows the rules is told where it does something', t => {
  const relabel_configs = '- {target_label: __tmp, replacement: x}\n- {target_label: a, replacement: ""}\n'
  t.deepEqual(stepsOf('metric', { metric: 'm{a="1"}', relabel_configs }), [
    'target_label: __tmp\nreplacement: x -> __name__=m,a=1,__tmp=x',
    'target_label: a\nreplacement: "" -> __name__=m,a=,__tmp=x',
    'remove empty labels -> __name__=m,__tmp=x',
    'remove labels with __ prefix except of __name__ -> __name__=m',
  ])
  t.deepEqual(stepsOf('metric', { metric: 'm', relabel_configs: '- {action: labeldrop, regex: x}\n' }), [
    'action: labeldrop\nregex: x -> __name__=m',
  ])
})

test('a target ends with an instance, and the URL that it would be scraped at', t => {
  const relabel_configs = '- {target_label: zone, replacement: a}\n'
  const args = { metric: '{__address__="h", __scheme__="https", job="j"}', relabel_configs }
  t.deepEqual(stepsOf('target', args), [
    'target_label: zone\nreplacement: a -> __address__=h,__scheme__=https,job=j,zone=a',
    'add missing instance label from __address__ label -> __address__=h,__scheme__=https,job=j,zone=a,instance=h:443',
    'remove labels with __ prefix -> instance=h:443,job=j,zone=a',
  ])
  t.like(debug('target', args).trace, { url: 'https://h/metrics', problem: undefined })
  const without = { metric: '{job="j"}', relabel_configs }
  t.like(debug('target', without).trace, { url: undefined, problem: 'missing scrape URL' })
  t.deepEqual(stepsOf('target', without), ['target_label: zone\nreplacement: a -> job=j,zone=a'])
})

test('the id of a target fills in its labels and the rules in force', t => {
  const target = debug('target', { id: '0123456789abcdef' })
  t.is(target.rules, '- action: labelmap\n  regex: __meta_(.+)\n')
  t.is(target.metric, '{__address__="a:1", __meta_zone="z", job="j"}')
  t.is(target.trace?.url, 'http://a:1/metrics')
  t.deepEqual(target.trace?.result, [
    { name: 'instance', value: 'a:1' },
    { name: 'job', value: 'j' },
    { name: 'zone', value: 'z' },
  ])
  const metric = debug('metric', { id: '0123456789abcdef' })
  t.is(metric.metric, '{instance="a:1", job="j"}')
  t.is(metric.trace?.steps.length, 3)
  const without = debug('metric', { id: '0123456789abcdef' }, { metricRules: [] })
  t.deepEqual([without.rules, without.trace?.steps], ['', []])
})

test('what the user gives counts more than the target, whose parameters stay', t => {
  const args = { id: '0123456789abcdef', metric: '{__address__="b", __param_q="1"}' }
  t.is(debug('target', args).trace, undefined, 'no rules, nothing to trace')
  const { trace } = debug('target', { ...args, relabel_configs: '- {target_label: x, replacement: "1"}\n' })
  t.is(trace?.url, 'http://b/metrics?q=1&q=2')
})

test('what is wrong is told with its place', t => {
  const id = '0123456789abcdef'
  t.is(stepsOf('metric', { id: 'nonsense' }), 'argument id: there is no target with the id "nonsense"')
  t.is(
    stepsOf('metric', { id }, { labels: undefined }),
    'argument id: this target is dropped, so that it has no series',
  )
  t.is(
    stepsOf('target', { id }, { discoveredLabels: undefined }),
    'argument id: original labels are not kept, because -promscrape.dropOriginalLabels is set',
  )
  t.is(stepsOf('metric', { metric: 'm{a=' }), 'metric, column 5: expected a value in double quotes after a=')
  for (const [relabel_configs, message] of [
    ['- {action: nonsense}', /^relabel_configs:1:12: .*unknown action "nonsense"/],
    ['- action: drop\n  regexp: x\n', /^relabel_configs:2:3: .*unknown field "regexp"/],
    ['a: b', /^relabel_configs:1:1: expected a list/],
    ['- {a: [', /^relabel_configs:1:8: /],
    ['- {action: drop, source_labels: [a], regex: "["}', /^relabel_configs:1:45: .*missing closing ]/],
    ['- &a {target_label: x}\n- *a\n', /^relabel_configs:2:3: alias \*a/],
    [`- {target_label: x, source_labels: [${'a,'.repeat(33)}]}`, /^relabel_configs:1:36: .*at most 32 labels/],
    [`- {target_label: x, replacement: ${'$1'.repeat(33)}}`, /^relabel_configs:1:34: .*at most 32 references/],
    [`${'['.repeat(20_000)}`, /^relabel_configs/],
  ] as const) {
    t.regex(String(stepsOf('metric', { metric: 'm{a="1"}', relabel_configs })), message)
  }
})

test('rules that make labels grow without end are stopped', t => {
  const double = '- {source_labels: [a, a], separator: "", target_label: a}\n'
  const wide = `- {source_labels: [${'a,'.repeat(30)}], target_label: a, replacement: "${'$1'.repeat(30)}"}\n`
  const references = `- {target_label: a, replacement: "${'{{a}}'.repeat(30)}"}\n`
  const all = `- {action: replace_all, source_labels: [a], target_label: a, regex: x, replacement: "${'xy'.repeat(9000)}"}\n`
  for (const rule of [double, wide, references, all]) {
    const error = stepsOf('metric', { metric: 'm{a="xxxxxxxx"}', relabel_configs: rule.repeat(40) })
    t.regex(String(error), /labels of more than 65536 characters|is too long/, rule.slice(0, 60))
  }
  const many = '- {target_label: b, replacement: x}\n'.repeat(1500)
  const error = stepsOf('metric', { metric: `m{a="${'x'.repeat(10_000)}"}`, relabel_configs: many })
  t.regex(String(error), /steps come to more than can be shown/)
})

test('the JSON has the shape that vmagent gives it, with changes marked and text escaped', t => {
  const answer = (args: Record<string, string>) => debugAnswer(debug('metric', args))
  t.deepEqual(answer({ metric: 'm{a="<b>"}', relabel_configs: '- {source_labels: [a], target_label: c}\n' }), {
    status: 'success',
    steps: [
      {
        inLabels: 'm{a=&quot;&lt;b&gt;&quot;}',
        outLabels:
          'm{a=&quot;&lt;b&gt;&quot;, <span style="font-weight:bold;color:#4495e0">c=&quot;&lt;b&gt;&quot;</span>}',
        rule: 'source_labels: [a]\ntarget_label: c\n',
        errors: {},
      },
    ],
    originalLabels: 'm{a=&quot;&lt;b&gt;&quot;}',
    resultingLabels: 'm{a=&quot;&lt;b&gt;&quot;, c=&quot;&lt;b&gt;&quot;}',
  })
  t.deepEqual(answer({}), { status: 'success', steps: [] })
  t.deepEqual(answer({ metric: 'm', relabel_configs: '[]' }), { status: 'success', steps: [] })
  t.like(answer({ metric: '{' }), {
    status: 'error',
    error: 'Error: metric, column 2: expected the name of a label or }',
  })
})
