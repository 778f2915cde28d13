import test from 'ava'
import { compileFilter, isFiltered, readTargetQuery, targetQueryText } from '../../lib/admin/target-query.ts'

const LABELS = [
  { name: 'instance', value: 'a:1' },
  { name: 'job', value: 'node' },
]
const passes = (args: Readonly<Record<string, string>>, url = 'http://a:1/metrics') =>
  compileFilter(readTargetQuery(args))(url, () => LABELS)

test('the URL is searched by an expression, anywhere in it and in its own case', t => {
  t.true(passes({}))
  t.true(passes({ endpoint_search: 'a:1' }))
  t.true(passes({ endpoint_search: '^http://.*metrics$' }))
  t.false(passes({ endpoint_search: '^a:1' }))
  t.false(passes({ endpoint_search: 'METRICS' }))
})

test('labels are selected as series are', t => {
  t.true(passes({ label_search: '{job="node"}' }))
  t.true(passes({ label_search: '{job="x" or instance=~"a:.+"}' }))
  t.false(passes({ label_search: '{job="node",instance!="a:1"}' }))
  t.false(passes({ label_search: 'node' }))
  t.false(passes({ label_search: '{}' }), 'an empty selector selects nothing, as in vmagent')
  t.false(passes({ label_search: '{job="node"}', endpoint_search: 'b' }))
})

test('a filter that is wrong is named with the reason', t => {
  const refused = { code: 'REQUEST_INVALID' }
  t.throws(() => passes({ endpoint_search: '[' }), {
    ...refused,
    message: /^argument endpoint_search: .*missing closing ]/,
  })
  t.throws(() => passes({ endpoint_search: '(?=x)' }), { ...refused, message: /^argument endpoint_search: / })
  t.throws(() => passes({ label_search: '{' }), { ...refused, message: /^argument label_search: selector "\{" is not/ })
  t.throws(() => passes({ label_search: '{a=~"["}' }), { ...refused, message: /^argument label_search: .*missing/ })
})

test('booleans are read as Go does, and a query can be made into a link', t => {
  for (const value of ['1', 't', 'T', 'true', 'TRUE', 'True']) {
    t.true(readTargetQuery({ show_only_unhealthy: value }).onlyUnhealthy, value)
  }
  for (const value of ['', '0', 'false', 'yes', 'on']) {
    t.false(readTargetQuery({ show_only_unhealthy: value }).onlyUnhealthy, value)
  }
  const query = readTargetQuery({ endpoint_search: 'a?b&c', label_search: '{a="1"}', show_original_labels: '1' })
  const link = targetQueryText(query, { onlyUnhealthy: true })
  t.deepEqual(readTargetQuery(Object.fromEntries(new URLSearchParams(link))), { ...query, onlyUnhealthy: true })
  t.deepEqual([isFiltered(query), isFiltered(readTargetQuery({ show_original_labels: '1' }))], [true, false])
})
