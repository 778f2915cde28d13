import test from 'ava'
import fc from 'fast-check'
import { Staging } from '../../lib/shard/staging.ts'

test('copies keep their bytes until they are given up, however many there are', t => {
  const staging = new Staging()
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(255), fc.nat(60_000)), { maxLength: 20 }), parts => {
      const copies = parts.map(([byte, length]) => {
        const from = new Uint8Array(length + 2).fill(byte)
        return staging.copy(from, 1, length + 1)
      })
      for (const [index, [byte, length]] of parts.entries()) {
        const copy = copies[index]!
        if (copy.length !== length || copy.some(found => found !== byte)) return false
      }
      staging.clear()
      return true
    }),
  )
  t.pass()
})

test('a buffer that had to become large does not stay', t => {
  const staging = new Staging()
  const large = new Uint8Array(1_000_000)
  t.is(staging.copy(large, 0, large.length).buffer.byteLength, large.length)
  staging.clear()
  t.true(staging.copy(large, 0, 10).buffer.byteLength < 100_000)
})
