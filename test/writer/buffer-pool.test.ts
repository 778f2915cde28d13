import test from 'ava'
import fc from 'fast-check'
import { BufferPool, classBytes } from '../../lib/writer/buffer-pool.ts'

test('a class holds what is asked with a quarter or 1 KiB to spare at most', t => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 30 }), bytes => {
      const size = classBytes(bytes)
      return size >= bytes && size < bytes + Math.max(1024, bytes / 4) && classBytes(size) === size
    }),
  )
  t.deepEqual([1, 1024, 1025, 4096, 8192, 8193, 10_240, 2 ** 20, 2 ** 20 + 1].map(classBytes), [
    1024,
    1024,
    2048,
    4096,
    8192,
    10_240,
    10_240,
    2 ** 20,
    2 ** 20 + 2 ** 18,
  ])
})

test('a buffer that was given back is used again for the same class only', t => {
  const pool = new BufferPool()
  const buffer = pool.take(5000)
  pool.give(buffer)
  t.not(pool.take(2000), buffer)
  t.is(pool.take(4500), buffer)
  t.not(pool.take(4500), buffer)
})

test('what lay idle between two trims is let go, what was needed stays', t => {
  const pool = new BufferPool()
  const burst = Array.from({ length: 100 }, () => pool.take(4096))
  t.is(pool.takenBytes, 100 * 4096)
  for (const buffer of burst) pool.give(buffer)
  t.is(pool.takenBytes, 0)
  t.is(pool.bytes, 100 * 4096)
  pool.trim() // the burst was within this interval
  const steady = [pool.take(4096), pool.take(4096)]
  for (const buffer of steady) pool.give(buffer)
  pool.trim()
  t.is(pool.bytes, 2 * 4096)
  pool.trim()
  t.is(pool.bytes, 0)
})
