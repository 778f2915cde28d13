import test from 'ava'
import protobuf from 'protobufjs'
import { fieldBytes, ProtobufWriter } from '../../../lib/shard/learn/protobuf.ts'

test('lengths of every width are written as protobuf has them', t => {
  for (const length of [0, 1, 127, 128, 16383, 16384, 2097151, 2097152]) {
    const text = 'x'.repeat(length)
    const writer = new ProtobufWriter(fieldBytes(length))
    writer.string(4, text)
    t.is(Buffer.compare(writer.finish(), protobuf.Writer.create().uint32(34).string(text).finish()), 0)
  }
})

test('integers are varints', t => {
  const writer = new ProtobufWriter(6)
  writer.integer(1, 7)
  writer.integer(2, 70000)
  const expected = protobuf.Writer.create().uint32(8).uint32(7).uint32(16).uint32(70000).finish()
  t.deepEqual(Buffer.from(writer.finish()), Buffer.from(expected))
})

test('a buffer that was not filled is a mistake of its owner', t => {
  t.throws(() => new ProtobufWriter(1).finish())
})
