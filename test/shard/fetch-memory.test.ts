import test from 'ava'
import { BufferPool } from '../../lib/shard/fetch-memory.ts'

const MINUTE_MS = 60_000

function useAtOnce(pool: BufferPool, count: number): void {
  const taken = Array.from({ length: count }, () => pool.take())
  for (const buffer of taken) pool.give(buffer)
}

test('a buffer that was given back is taken again', t => {
  const pool = new BufferPool(100, () => 0)
  const one = pool.take()
  const other = pool.take()
  t.not(one, other)
  t.is(one.length, 100)
  pool.give(one)
  t.is(pool.freeBytes, 100)
  t.is(pool.take(), one)
  t.is(pool.freeBytes, 0)
})

test('after a burst a pool shrinks to what is in use at one time', t => {
  let nowMs = 0
  const pool = new BufferPool(100, () => nowMs)
  useAtOnce(pool, 50)
  for (let minute = 0; minute < 3; minute++) {
    nowMs += MINUTE_MS
    for (let i = 0; i < 10; i++) useAtOnce(pool, 3)
  }
  t.is(pool.freeBytes, 300)
})

test('a pool that is used once in several minutes keeps what that takes', t => {
  let nowMs = 0
  const pool = new BufferPool(100, () => nowMs)
  for (let i = 0; i < 5; i++) {
    useAtOnce(pool, 8)
    nowMs += 5 * MINUTE_MS
  }
  t.is(pool.freeBytes, 800)
})
