import test from 'ava'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { encodeLabels } from '../../../lib/shard/learn/encode-series.ts'

const { TimeSeries } = protobuf.parse(`
  syntax = "proto3";
  message TimeSeries { repeated Label labels = 1; }
  message Label { string name = 1; string value = 2; }
`).root.nested as Record<string, protobuf.Type>

test('labels are encoded as the fields of a TimeSeries', t => {
  const encoded = encodeLabels([
    { name: '__name__', value: 'up' },
    { name: 'ä', value: '🚀' },
  ])
  const expected = '0a0e 0a085f5f6e616d655f5f 12027570 0a0a 0a02c3a4 1204f09f9a80'.replaceAll(' ', '')
  t.is(Buffer.from(encoded).toString('hex'), expected)
  t.is(encodeLabels([]).length, 0)
})

test('any labels decode to themselves', t => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ minLength: 120, maxLength: 140 }),
    fc.string().map(s => s.repeat(900)),
  )
  fc.assert(
    fc.property(fc.array(fc.record({ name: text, value: text }), { maxLength: 12 }), labels => {
      const decoded = TimeSeries!.toObject(TimeSeries!.decode(encodeLabels(labels)), { defaults: true })
      t.deepEqual(decoded, { labels })
    }),
  )
})
