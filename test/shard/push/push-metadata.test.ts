import test from 'ava'
import { PushMetadata } from '../../../lib/shard/push/push-metadata.ts'

const scan = (metadata: PushMetadata, text: string) => metadata.scan(Buffer.from(text))

test('a family is given when the next one has come, or the body has ended', t => {
  const metadata = new PushMetadata()
  t.true(metadata.isEmpty)
  t.deepEqual(metadata.take(true), [])
  scan(metadata, '# HELP a first\n# TYPE a counter\na 1\n# HELP b second\n')
  t.false(metadata.isEmpty)
  t.deepEqual(metadata.take(false), [['a', { type: 1, help: 'first' }]])
  scan(metadata, '# TYPE b gauge\nb 1\n')
  t.deepEqual(metadata.take(false), [])
  scan(metadata, '# TYPE c counter\n')
  t.deepEqual(metadata.take(false), [['b', { type: 2, help: 'second' }]])
  t.deepEqual(metadata.take(true), [['c', { type: 1, help: '' }]])
  t.true(metadata.isEmpty)
  t.deepEqual(metadata.take(true), [])
})
