import test from 'ava'
import { PushLabeler } from '../../../lib/shard/learn/push-labels.ts'
import { labelsOf } from '../../support/learning.ts'

test('extra labels are sorted and unique; those without a value or a name are none', t => {
  const extra = [...labelsOf({ z: '1', a: '2', empty: '', '': 'x' }), { name: 'z', value: 'last' }]
  t.deepEqual(new PushLabeler(extra).extraLabels, labelsOf({ a: '2', z: 'last' }))
})

test('extra labels take the place of those of the series, even of its name', t => {
  const labeler = new PushLabeler(labelsOf({ dc: 'extra' }))
  const labels = labeler.label('m', labelsOf({ z: '1', dc: 'own', empty: '', __tmp: 't' }))
  t.deepEqual(labels, labelsOf({ __name__: 'm', __tmp: 't', dc: 'extra', z: '1' }))
  t.deepEqual(new PushLabeler(labelsOf({ __name__: 'n' })).label('m', []), labelsOf({ __name__: 'n' }))
})
