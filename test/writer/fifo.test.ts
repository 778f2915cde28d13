import test from 'ava'
import fc from 'fast-check'
import { Fifo } from '../../lib/writer/fifo.ts'

test('a fifo behaves as a list from which the first or second is taken', t => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('push', 'push', 'first', 'second'), { maxLength: 300, size: 'max' }),
      script => {
        const fifo = new Fifo<number>()
        const model: number[] = []
        let count = 0
        for (const action of script) {
          if (action === 'push') {
            fifo.push(count)
            model.push(count++)
          } else {
            const index = action === 'first' ? 0 : 1
            t.is(fifo.remove(index), model.splice(index, 1)[0])
          }
          t.is(fifo.length, model.length)
          t.deepEqual([fifo.at(0), fifo.at(1), fifo.at(2)], [model[0], model[1], model[2]])
        }
      },
    ),
  )
})
