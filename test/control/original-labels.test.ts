import test from 'ava'
import fc from 'fast-check'
import { LabelPacker, OriginalLabels, sizeOf } from '../../lib/control/original-labels.ts'
import type { Label } from '../../shared/target.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\\0a\0]{0,6}$/))
const someLabels = fc.uniqueArray(fc.record({ name: text, value: text }), { selector: ({ name }) => name })
const byName = (labels: readonly Label[]) => labels.toSorted((a, b) => (a.name < b.name ? -1 : 1))

test('any labels come back, sorted by name', t => {
  fc.assert(
    fc.property(someLabels, labels => {
      t.deepEqual(new LabelPacker().pack(labels).unpack(), byName(labels))
    }),
  )
})

test('only equal labels have the same key', t => {
  fc.assert(
    fc.property(someLabels, someLabels, (a, b) => {
      const packer = new LabelPacker()
      const [keyOfA, keyOfB] = [packer.pack(a).key, packer.pack(b).key]
      t.is(keyOfA === keyOfB, JSON.stringify(byName(a)) === JSON.stringify(byName(b)))
      t.is(new LabelPacker().pack(a.toReversed()).key, keyOfA)
    }),
  )
})

test('targets with the same names of labels share them, and the size counts them once', t => {
  const packer = new LabelPacker()
  const labelsOf = (value: string) => ['a', 'b', 'c'].map(name => ({ name, value }))
  const targets = ['x', 'y', 'z'].map(value => packer.pack(labelsOf(value)))
  t.is(targets[0]!.names, targets[1]!.names)
  const one = sizeOf([targets[0]!])
  t.is(sizeOf(targets) - one, 2 * targets[0]!.sizeBytes)
  t.true(packer.pack(labelsOf('x'.repeat(1000))).sizeBytes > 3000)
  t.true(packer.pack(labelsOf('€'.repeat(1000))).sizeBytes > 6000, 'other letters than those of Latin-1 take two bytes')
})

test('no labels take no room', t => {
  t.deepEqual(OriginalLabels.NONE.unpack(), [])
  t.is(OriginalLabels.NONE.sizeBytes, 0)
  t.is(sizeOf([]), 0)
})
