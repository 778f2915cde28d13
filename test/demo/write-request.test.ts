import test from 'ava'
import fc from 'fast-check'
import { identityOf, labelsOf, seriesOf } from '../../lib/demo/write-request.ts'
import { BodyInvalid } from '../../shared/body-invalid.ts'
import { encodeRequest } from './remote-write.ts'

const label = fc.record({ name: fc.string({ minLength: 1 }), value: fc.string({ unit: 'binary' }) })
const sample = fc.record({ value: fc.double({ noNaN: true }), timestamp: fc.nat() })
const series = fc.record({ labels: fc.array(label, { maxLength: 5 }), samples: fc.array(sample, { maxLength: 4 }) })

test('every series of a request is found with its labels and values', t => {
  fc.assert(
    fc.property(fc.array(series, { maxLength: 6 }), all => {
      const found = [...seriesOf(encodeRequest(all))].map(one => ({
        labels: labelsOf(one).map(([name, value]) => ({ name, value })),
        values: one.samples.map(({ value }) => value),
      }))
      const sent = all.map(({ labels, samples }) => ({ labels, values: samples.map(({ value }) => value) }))
      t.deepEqual(JSON.stringify(found), JSON.stringify(sent))
    }),
  )
})

test('two series have one identity exactly if their labels are the same', t => {
  fc.assert(
    fc.property(series, series, (a, b) => {
      const [first, second, third] = [...seriesOf(encodeRequest([a, b, { ...a, samples: [] }]))].map(identityOf)
      t.is(first, third)
      t.is(first === second, JSON.stringify(a.labels) === JSON.stringify(b.labels))
    }),
  )
})

test('a stale marker is told from other NaNs by its bits', t => {
  const staleMarker = Buffer.from('0a0b120909020000000000f07f', 'hex')
  const otherNaN = Buffer.from('0a0b120909000000000000f87f', 'hex')
  t.deepEqual([...seriesOf(staleMarker)][0]?.samples, [{ value: Number.NaN, isStaleMarker: true }])
  t.deepEqual([...seriesOf(otherNaN)][0]?.samples, [{ value: Number.NaN, isStaleMarker: false }])
})

test('garbage ends in an error with a place, or is skipped', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
      try {
        for (const one of seriesOf(bytes)) labelsOf(one)
      } catch (error) {
        t.true(error instanceof BodyInvalid && error.offset >= 0 && error.offset <= bytes.length)
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

test('a cut request is refused', t => {
  const bytes = encodeRequest([{ labels: [{ name: 'a', value: 'b' }], samples: [{ value: 1, timestamp: 2 }] }])
  t.throws(() => [...seriesOf(bytes.subarray(0, 8))], { instanceOf: BodyInvalid })
})
