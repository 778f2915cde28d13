import test from 'ava'
import fc from 'fast-check'
import { RemoteLabeler } from '../../../lib/shard/learn/remote-labels.ts'
import type { RemoteRules } from '../../../shared/protocol.ts'
import type { Label, RelabelRuleSpec } from '../../../shared/target.ts'
import { labelsOf } from '../../support/learning.ts'
import { shardOptionsOf } from '../../support/specs.ts'

type Labels = Readonly<Record<string, string>>

function rule(fields: Partial<RelabelRuleSpec> & { readonly action: string }): RelabelRuleSpec {
  return { sourceLabels: [], separator: ';', targetLabel: '', replacement: '$1', modulus: 0, ...fields }
}

const set = (name: string, value: string) => rule({ action: 'replace', targetLabel: name, replacement: value })
const drop = (name: string) => rule({ action: 'drop', sourceLabels: ['__name__'], regex: name })

/** A labeler with a view for each list of rules. */
function labelerOf(views: readonly (readonly RelabelRuleSpec[])[], rules: Partial<RemoteRules> = {}): RemoteLabeler {
  const specs = views.map((relabelRules, index) => ({ destinations: 1 << index, relabelRules }))
  return new RemoteLabeler(shardOptionsOf({ ...rules, views: specs }))
}

const plain = (labels: readonly Label[] | undefined): Labels | undefined =>
  labels && Object.fromEntries(labels.map(({ name, value }) => [name, value]))

const inViews = (labeler: RemoteLabeler, labels: Labels) => labeler.inViews(labelsOf(labels)).map(plain)

test('without rules and labels nothing changes', t => {
  const labeler = labelerOf([[]])
  t.false(labeler.changes(labeler.views[0]!))
  t.deepEqual(inViews(labeler, { __name__: 'm', a: '1' }), [{ __name__: 'm', a: '1' }])
})

test('each view has its rules after those for all, and neither sees what the other makes of a series', t => {
  const labeler = labelerOf([[set('view', 'one'), drop('only_two')], [set('view', 'two'), drop('only_one')], []], {
    remoteRelabelRules: [set('all', 'yes'), set('view', 'none'), drop('nobody')],
  })
  t.deepEqual(inViews(labeler, { __name__: 'm' }), [
    { __name__: 'm', all: 'yes', view: 'one' },
    { __name__: 'm', all: 'yes', view: 'two' },
    { __name__: 'm', all: 'yes', view: 'none' },
  ])
  t.deepEqual(
    inViews(labeler, { __name__: 'only_one' }).map(labels => labels?.view),
    ['one', undefined, 'none'],
  )
  t.deepEqual(inViews(labeler, { __name__: 'nobody' }), [undefined, undefined, undefined])
})

test('labels of remote write take the place of others, after all rules; an empty one takes a label away', t => {
  const rules = [rule({ action: 'replace', sourceLabels: ['dc'], targetLabel: 'seen' })]
  const labeler = labelerOf([rules, [rule({ action: 'labeldrop', regex: 'dc' })]], {
    remoteLabels: labelsOf({ dc: 'east', zone: '' }),
  })
  t.deepEqual(inViews(labeler, { __name__: 'm', dc: 'own', zone: 'z' }), [
    { __name__: 'm', dc: 'east', seen: 'own' },
    { __name__: 'm', dc: 'east' },
  ])
})

test('internal labels do not go from rules for all to those of a view, nor out', t => {
  const keep = rule({ action: 'replace', sourceLabels: ['__x'], targetLabel: 'x' })
  const labeler = labelerOf([[keep, set('__y', '1')]], { remoteRelabelRules: [set('__x', '1')] })
  t.deepEqual(inViews(labeler, { __name__: 'm' }), [{ __name__: 'm' }])
})

test('a series of which no label is left is dropped', t => {
  const none = rule({ action: 'labeldrop', regex: '.*' })
  t.deepEqual(inViews(labelerOf([[none], []]), { __name__: 'm' }), [undefined, { __name__: 'm' }])
  t.deepEqual(inViews(labelerOf([[]], { remoteRelabelRules: [none] }), { __name__: 'm' }), [undefined])
})

test('a labeler of several views gives each what a labeler of that view alone gives', t => {
  const rules = fc.subarray([
    set('a', 'x'),
    drop('m'),
    rule({ action: 'labelmap_all', regex: 'exported_', replacement: '' }),
    rule({ action: 'labelmap', regex: 'a(.*)', replacement: 'b$1' }),
    rule({ action: 'replace', sourceLabels: ['a'], targetLabel: 'c', replacement: '$1$1' }),
    rule({ action: 'labeldrop', regex: 'b.*' }),
  ])
  const name = fc.constantFrom('__name__', 'a', 'aa', 'b', 'exported_a', '__x', '\u{1f680}')
  const labels = fc.dictionary(name, fc.constantFrom('m', 'n', '1'), { maxKeys: 6 })
  fc.assert(
    fc.property(rules, fc.array(rules, { minLength: 1, maxLength: 4 }), labels, labels, (all, views, extra, series) => {
      const common = { remoteRelabelRules: all, remoteLabels: labelsOf(extra) }
      const given = labelsOf(series)
      const together = labelerOf(views, common).inViews(given)
      t.deepEqual(
        together,
        views.flatMap(rules => labelerOf([rules], common).inViews(given)),
      )
      t.deepEqual(given, labelsOf(series), 'what was given is as it was')
    }),
  )
})

test('names are made compatible after rules, and before the labels that are set on all', t => {
  const rename = rule({ action: 'replace', sourceLabels: ['a.b'], targetLabel: 'c.d' })
  const labeler = labelerOf([[], [set('view.x', '1')]], {
    remoteRelabelRules: [rename],
    compatibleNaming: true,
    remoteLabels: labelsOf({ 'e.f': '3' }),
  })
  const common = { __name__: 'm_n', a_b: '1', c_d: '1', 'e.f': '3' }
  t.deepEqual(inViews(labeler, { __name__: 'm.n', 'a.b': '1' }), [common, { ...common, view_x: '1' }])
  const plainNaming = labelerOf([[]], { compatibleNaming: true })
  t.true(plainNaming.changes(plainNaming.views[0]!))
  // Internal labels go before names change: what looks like one afterwards stays.
  t.deepEqual(inViews(plainNaming, { __name__: 'm', '..x': '1', __x: '2' }), [{ __name__: 'm', __x: '1' }])
})

test('labels that many series share become the same for all of them, unless rules look at the others', t => {
  const shared = (labeler: RemoteLabeler) => plain(labeler.shared(labeler.views[0]!, labelsOf({ a: '1', dc: 'own' })))
  t.deepEqual(shared(labelerOf([[]])), { a: '1', dc: 'own' })
  t.deepEqual(shared(labelerOf([[]], { remoteLabels: labelsOf({ dc: 'east', z: '2' }) })), {
    a: '1',
    dc: 'east',
    z: '2',
  })
  t.is(shared(labelerOf([[]], { remoteLabels: labelsOf({ dc: '' }) })), undefined)
  t.is(shared(labelerOf([[]], { compatibleNaming: true })), undefined)
  t.is(shared(labelerOf([[]], { remoteRelabelRules: [drop('x')] })), undefined)
  t.is(shared(labelerOf([[drop('x')]])), undefined)
})
