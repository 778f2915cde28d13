import test from 'ava'
import fc from 'fast-check'
import type { Block } from '../../lib/writer/block.ts'
import { BufferPool } from '../../lib/writer/buffer-pool.ts'
import { MemoryQueue } from '../../lib/writer/queue.ts'
import { blockOf, textOf } from './support.ts'

test('a lane gives its oldest block, and the next one after the acknowledgement', t => {
  const queue = new MemoryQueue(2, 2 ** 20)
  for (const text of ['a', 'b']) queue.append(0, blockOf(text))
  queue.append(1, blockOf('c'))
  t.is(textOf(queue.take(0)!), 'a')
  t.throws(() => queue.take(0), { message: /one block at a time/ })
  t.is(textOf(queue.take(1)!), 'c')
  queue.acknowledge(0)
  t.is(textOf(queue.take(0)!), 'b')
  queue.acknowledge(0)
  t.is(queue.take(0), undefined)
  t.is(queue.take(0), undefined)
  t.throws(() => queue.acknowledge(0), { message: /without taking/ })
})

test('a block is shared: its memory comes back after the last holder let go', t => {
  const pool = new BufferPool()
  const queues = [new MemoryQueue(1, 1000), new MemoryQueue(1, 1000)]
  const block = blockOf('shared', 0, pool)
  for (const queue of queues) queue.append(0, block)
  block.release()
  queues[0]!.take(0)
  queues[0]!.acknowledge(0)
  t.true(pool.takenBytes > 0)
  queues[1]!.dropOldest()
  t.is(pool.takenBytes, 0)
  t.throws(() => block.release(), { message: /more often/ })
  t.throws(() => block.retain(), { message: /after its last release/ })
})

test('closing gives back everything, what is taken included, and says what it was', t => {
  const pool = new BufferPool()
  const queue = new MemoryQueue(2, 1000)
  const blocks = ['x', 'yy', 'zzz'].map((text, index) => blockOf(text, 0, pool, index + 1))
  blocks.forEach((block, index) => {
    queue.append(index % 2, block)
    block.release()
  })
  queue.take(0)
  const bytes = blocks.reduce((sum, block) => sum + block.body.length, 0)
  t.deepEqual(queue.close(), { blocks: 3, samples: 6, bytes })
  t.deepEqual([queue.blocks, queue.bytes, queue.bodyBytes, pool.takenBytes], [0, 0, 0, 0])
})

type Action = { readonly type: 'append' | 'take' | 'acknowledge' | 'drop'; readonly lane: number }
const actions = fc.array(
  fc.record({
    type: fc.constantFrom<Action['type']>('append', 'append', 'take', 'acknowledge', 'drop'),
    lane: fc.nat(2),
  }),
  { maxLength: 150, size: 'max' },
)

test('the queue behaves as a list, of which a lane sees its own part', t => {
  fc.assert(
    fc.property(actions, script => {
      const pool = new BufferPool()
      const queue = new MemoryQueue(3, 5000)
      const model: { lane: number; block: Block }[] = []
      const taken = new Set<number>()
      const oldestOf = (lane: number) => model.find(entry => entry.lane === lane)
      const remove = (entry: (typeof model)[number]) => model.splice(model.indexOf(entry), 1)
      let count = 0
      for (const { type, lane } of script) {
        if (type === 'append') {
          const block = blockOf(`block ${count++}`, lane, pool, count)
          queue.append(lane, block)
          block.release()
          model.push({ lane, block })
        } else if (type === 'take' && !taken.has(lane)) {
          t.is(queue.take(lane), oldestOf(lane)?.block)
          if (oldestOf(lane) !== undefined) taken.add(lane)
        } else if (type === 'acknowledge' && taken.delete(lane)) {
          queue.acknowledge(lane)
          remove(oldestOf(lane)!)
        } else if (type === 'drop') {
          const victim = model.find(entry => !(taken.has(entry.lane) && oldestOf(entry.lane) === entry))
          t.is(queue.dropOldest()?.samples, victim?.block.samples)
          if (victim !== undefined) remove(victim)
        }
        t.is(queue.blocks, model.length)
        t.is(
          queue.bodyBytes,
          model.reduce((sum, entry) => sum + entry.block.body.length, 0),
        )
        t.is(queue.bytes, pool.takenBytes)
        t.is(queue.hasRoom, queue.bytes < 5000)
      }
    }),
    { numRuns: 150 },
  )
})
