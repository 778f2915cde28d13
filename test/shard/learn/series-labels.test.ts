import test from 'ava'
import fc from 'fast-check'
import { compileRules } from '../../../lib/relabel/compile.ts'
import { SeriesLabeler } from '../../../lib/shard/learn/series-labels.ts'
import type { JobSpec, Label, RelabelRuleSpec, TargetSpec } from '../../../shared/target.ts'
import { jobOf, labelsOf, targetOf } from '../../support/learning.ts'

type Labels = Readonly<Record<string, string>>

function rule(fields: Partial<RelabelRuleSpec> & { readonly action: string }): RelabelRuleSpec {
  return { sourceLabels: [], separator: ';', targetLabel: '', replacement: '$1', modulus: 0, ...fields }
}

function labeler(job: Partial<JobSpec> = {}, target: Partial<TargetSpec> = {}): SeriesLabeler {
  const spec = jobOf(job)
  return new SeriesLabeler(spec, targetOf(target), compileRules(spec.metricRelabelRules))
}

function plain(labels: readonly Label[] | undefined): Labels | undefined {
  return labels && Object.fromEntries(labels.map(({ name, value }) => [name, value]))
}

const label = (labeler: SeriesLabeler, name: string, body: Labels): Labels | undefined =>
  plain(labeler.scrapedLabels(name, labelsOf(body)))

test('a series has the labels of its line and of its target', t => {
  t.deepEqual(labeler().scrapedLabels('m', labelsOf({ z: '1', a: '2' })), [
    { name: '__name__', value: 'm' },
    { name: 'a', value: '2' },
    { name: 'instance', value: 'host:9100' },
    { name: 'job', value: 'j' },
    { name: 'z', value: '1' },
  ])
})

test('labels of the target win, and those of the line are exported', t => {
  const labels = labeler({}, { labels: labelsOf({ env: 'target', instance: 'i', job: 'j' }) })
  const target = { __name__: 'm', env: 'target', instance: 'i', job: 'j' }
  t.deepEqual(label(labels, 'm', { job: 'own', instance: 'mine', a: 'b' }), {
    ...target,
    a: 'b',
    exported_instance: 'mine',
    exported_job: 'own',
  })
  t.deepEqual(label(labels, 'm', { job: '', instance: 'x' }), { ...target, exported_instance: 'x' })
  t.deepEqual(label(labels, 'm', { job: 'own', exported_job: 'already' }), {
    ...target,
    exported_exported_job: 'already',
    exported_job: 'own',
  })
  t.deepEqual(label(labels, 'm', { exported_instance: 'only' }), { ...target, exported_instance: 'only' })
  // vmagent sends exported_exported_env twice.
  t.deepEqual(label(labels, 'm', { env: '0', exported_env: '1', exported_exported_env: '2' }), {
    ...target,
    exported_env: '0',
    exported_exported_env: '1',
    exported_exported_exported_env: '2',
  })
})

test('honor_labels leaves the labels of the line alone, empty ones too', t => {
  const target = { env: 'target', instance: 'i', job: 'j', team: 'core' }
  const labels = labeler({ honorLabels: true }, { labels: labelsOf(target) })
  t.deepEqual(label(labels, 'm', { job: 'own', instance: 'mine', a: 'b' }), {
    __name__: 'm',
    a: 'b',
    env: 'target',
    instance: 'mine',
    job: 'own',
    team: 'core',
  })
  t.deepEqual(label(labels, 'm', { job: '', instance: 'x' }), {
    __name__: 'm',
    env: 'target',
    instance: 'x',
    team: 'core',
  })
  t.deepEqual(label(labels, 'm', { env: 'metric', exported_job: 'already' }), {
    ...target,
    __name__: 'm',
    env: 'metric',
    exported_job: 'already',
  })
})

test('external labels come last, and win as well', t => {
  const externalLabels = labelsOf({ dc: 'east', env: 'global', region: '', job: 'ext' })
  const target = { env: 'target', instance: 'i', job: 'j', only: 'target' }
  const labels = labeler({ externalLabels }, { labels: labelsOf(target) })
  const common = { dc: 'east', env: 'global', exported_env: 'target', instance: 'i', job: 'ext', only: 'target' }
  t.deepEqual(label(labels, 'm', { dc: 'from metric' }), {
    ...common,
    __name__: 'm',
    exported_dc: 'from metric',
    exported_job: 'j',
  })
  t.deepEqual(label(labels, 'm', { job: 'x', region: 'r' }), {
    ...common,
    __name__: 'm',
    exported_exported_job: 'x',
    exported_job: 'j',
    exported_region: 'r',
  })
  t.deepEqual(plain(labels.autoMetric('up')), { ...common, __name__: 'up', exported_job: 'j' })
  t.deepEqual(plain(labels.fixedLabels), { ...common, exported_job: 'j' })
})

test('honor_labels keeps external labels away where a label is', t => {
  const labels = labeler({ honorLabels: true, externalLabels: labelsOf({ dc: 'east', job: 'ext' }) })
  t.deepEqual(label(labels, 'm', { dc: 'own' }), { __name__: 'm', dc: 'own', instance: 'host:9100', job: 'j' })
  t.deepEqual(plain(labels.fixedLabels), { dc: 'east', instance: 'host:9100', job: 'j' })
})

test('a series without labels must not pass for one that the scrape writes about itself', t => {
  t.is(label(labeler(), 'up', {})!.__name__, 'exported_up')
  t.is(label(labeler(), 'scrape_series_limit', { a: '' })!.__name__, 'exported_scrape_series_limit')
  t.is(label(labeler(), 'up', { a: 'b' })!.__name__, 'up')
  t.is(label(labeler({ honorLabels: true }), 'up', {})!.__name__, 'up')
})

test('metric relabeling sees the labels of line and target, but not external ones', t => {
  const metricRelabelRules = [
    rule({ action: 'drop', sourceLabels: ['__name__'], regex: 'drop_.*' }),
    rule({
      action: 'replace',
      sourceLabels: ['instance', 'dc'],
      regex: '(.*);(.*)',
      targetLabel: 'copy',
      replacement: '$1/$2',
    }),
    rule({ action: 'replace', sourceLabels: ['code'], regex: '(.)..', targetLabel: '__class' }),
    rule({ action: 'replace', sourceLabels: ['__class'], targetLabel: 'class' }),
    rule({ action: 'labeldrop', regex: 'tmp_.*' }),
  ]
  const labels = labeler({ metricRelabelRules, externalLabels: labelsOf({ dc: 'east' }) })
  t.is(label(labels, 'drop_me', {}), undefined)
  t.deepEqual(label(labels, 'keep', { code: '404', tmp_a: 'x' }), {
    __name__: 'keep',
    class: '4',
    code: '404',
    copy: 'host:9100/',
    dc: 'east',
    instance: 'host:9100',
    job: 'j',
  })
})

test('internal labels do not leave the scrape', t => {
  const labels = labeler({}, { labels: labelsOf({ __internal: 'x', job: 'j' }) })
  t.deepEqual(label(labels, 'm', { __own: 'y' }), { __name__: 'm', job: 'j' })
  t.deepEqual(plain(labels.autoMetric('up')), { __name__: 'up', job: 'j' })
})

test('series of which no label is left are dropped', t => {
  t.is(label(labeler({ metricRelabelRules: [rule({ action: 'labeldrop', regex: '.*' })] }), 'm', {}), undefined)
})

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

test('names are sorted by their UTF-8 bytes', t => {
  const names = ['\u{1f680}', '\uffee', 'Z', 'a', 'aa', '_', '\ue000', 'ä', '\u{10000}x', '\u{10000}']
  const sorted = labeler({}, { labels: [] }).scrapedLabels(
    'm',
    names.map(name => ({ name, value: '1' })),
  )!
  t.deepEqual(
    sorted.map(label => label.name),
    ['__name__', ...names].sort(compareBytes),
  )
})

test('whatever comes in, labels are sorted, unique and not empty', t => {
  const name = fc.oneof(
    fc.constantFrom('a', 'exported_a', 'exported_exported_a', 'job', 'exported_job', '__x', 'ä', '\u{1f680}', '\uffee'),
    fc.string({ minLength: 1, maxLength: 3, unit: 'binary' }),
  )
  const labels = fc.uniqueArray(fc.record({ name, value: fc.constantFrom('', '1', '2') }), {
    selector: l => l.name,
    maxLength: 8,
  })
  const rules = fc.subarray([
    rule({ action: 'labelmap_all', regex: 'exported_', replacement: '' }),
    rule({ action: 'labelmap', regex: 'a(.*)', replacement: 'job$1' }),
    rule({ action: 'replace', targetLabel: 'a', replacement: '' }),
  ])
  fc.assert(
    fc.property(labels, labels, labels, rules, fc.boolean(), (body, target, external, metric, honorLabels) => {
      const job = { honorLabels, externalLabels: external, metricRelabelRules: metric }
      const subject = labeler(job, { labels: target })
      const found = [
        subject.scrapedLabels(
          'm',
          body.map(label => ({ ...label })),
        ),
        subject.autoMetric('up'),
        subject.fixedLabels,
      ]
      for (const labels of found) {
        if (labels === undefined) continue
        const names = labels.map(label => label.name)
        t.deepEqual(names, [...new Set(names)].sort(compareBytes))
        t.true(labels.every(label => label.value !== ''))
      }
    }),
  )
})
