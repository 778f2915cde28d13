import { totalmem } from 'node:os'
import test from 'ava'
import { machineMemoryBytes, memoryBudgetBytes } from '../../lib/control/memory-limit.ts'

const GIB = 2 ** 30

test('the machine has some memory, and never more than is built in', t => {
  t.true(machineMemoryBytes() > 0)
  t.true(machineMemoryBytes() <= totalmem())
})

test('the budget is a share of the memory', t => {
  t.is(memoryBudgetBytes({ allowedBytes: 0, allowedPercent: 60 }, 10 * GIB), 6 * GIB)
  t.is(memoryBudgetBytes({ allowedBytes: 0, allowedPercent: 100 }, GIB), GIB)
  t.is(memoryBudgetBytes({ allowedBytes: 0, allowedPercent: 33.3 }, 1000), 333)
})

test('a number of bytes goes before the share, up to what there is', t => {
  t.is(memoryBudgetBytes({ allowedBytes: GIB, allowedPercent: 60 }, 10 * GIB), GIB)
  t.is(memoryBudgetBytes({ allowedBytes: 20 * GIB, allowedPercent: 60 }, 10 * GIB), 10 * GIB)
})

test('without an argument the memory of this machine counts', t => {
  t.is(memoryBudgetBytes({ allowedBytes: 0, allowedPercent: 100 }), machineMemoryBytes())
})
