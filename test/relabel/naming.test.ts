import test from 'ava'
import fc from 'fast-check'
import { useCompatibleNames } from '../../lib/relabel/naming.ts'
import { labelsOf } from '../support/learning.ts'

function renamed(labels: Readonly<Record<string, string>>): Record<string, string> {
  const list = labelsOf(labels)
  useCompatibleNames(list)
  return Object.fromEntries(list.map(({ name, value }) => [name, value]))
}

test('each character that is not allowed in a name becomes one underscore', t => {
  t.deepEqual(renamed({ __name__: 'my.metric', 'lab.el': 'x', 'a b-c/d': 'y' }), {
    __name__: 'my_metric',
    lab_el: 'x',
    a_b_c_d: 'y',
  })
  t.deepEqual(renamed({ __name__: 'ünï😀', größe: 'ä' }), { __name__: '_n__', gr__e: 'ä' })
})

test('a colon stays in the name of a metric only, and a digit may come first', t => {
  t.deepEqual(renamed({ __name__: 'job:m:rate', 'a:b': 'c:d' }), { __name__: 'job:m:rate', a_b: 'c:d' })
  t.deepEqual(renamed({ __name__: '1m', '1st': 'x' }), { __name__: '1m', '1st': 'x' })
})

test('names have as many characters as before, values and names that are allowed do not change', t => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-composite' }), fc.string({ unit: 'grapheme' }), (name, value) => {
      fc.pre(name !== '__name__')
      const labels = [{ name, value }]
      useCompatibleNames(labels)
      const [label] = labels
      t.is(label!.value, value)
      t.regex(label!.name, /^[a-zA-Z0-9_]*$/)
      t.is([...label!.name].length, [...name].length)
      if (/^\w*$/.test(name)) t.is(label!.name, name)
    }),
  )
})
