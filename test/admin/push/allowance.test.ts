import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { Allowance } from '../../../lib/admin/push/allowance.ts'

const LONG_MS = 600_000

test('what is there is lent at once', async t => {
  const allowance = new Allowance(10)
  t.is(await allowance.take(4, 0), 4)
  t.is(await allowance.take(6, 0), 6)
  t.is(allowance.used, 10)
  allowance.give(4)
  t.is(allowance.used, 6)
  t.is(allowance.waits, 0)
})

test('nobody can borrow more than there is', async t => {
  const allowance = new Allowance(10)
  t.is(await allowance.take(1000, 0), 10)
  allowance.give(10)
  t.is(allowance.used, 0)
})

test('those who have to wait are served in the order in which they came, however little they want', async t => {
  const allowance = new Allowance(10)
  await allowance.take(8, 0)
  const served: number[] = []
  const asked = [5, 1, 4].map(async amount => {
    t.is(await allowance.take(amount, LONG_MS), amount)
    served.push(amount)
  })
  await setImmediate()
  t.deepEqual(served, [])
  t.is(allowance.waits, 3)
  allowance.give(8)
  await Promise.all(asked)
  t.deepEqual(served, [5, 1, 4])
  t.is(allowance.used, 10)
  t.is(allowance.timeouts, 0)
})

test('whoever waits too long gets nothing, and does not stand in the way of the next', async t => {
  const allowance = new Allowance(10)
  await allowance.take(8, 0)
  const large = allowance.take(5, 0)
  const small = allowance.take(2, LONG_MS)
  t.is(await large, undefined)
  t.is(await small, 2)
  t.is(allowance.used, 10)
  t.is(allowance.waits, 2)
  t.is(allowance.timeouts, 1)
})
