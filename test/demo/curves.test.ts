import test from 'ava'
import fc from 'fast-check'
import { counter, createRandom, gauge, rounded, scatter } from '../../lib/demo/curves.ts'

const seed = fc.integer({ min: 1, max: 1_000_000 })
const seconds = fc.double({ min: 0, max: 100_000, noNaN: true })

test('a counter never falls and grows at its rate in the long run', t => {
  fc.assert(
    fc.property(seed, fc.double({ min: 0.01, max: 1e6, noNaN: true }), seconds, seconds, (number, perSecond, a, b) => {
      const curve = rounded(counter(perSecond, createRandom(number)), 2)
      t.true(curve(Math.min(a, b)) <= curve(Math.max(a, b)))
      const rate = (curve(10_000) - curve(0)) / 10_000
      t.true(Math.abs(rate - perSecond) <= 0.02 * perSecond + 1e-3)
    }),
  )
})

test('a gauge stays within its swing and moves', t => {
  fc.assert(
    fc.property(seed, seconds, (number, at) => {
      const curve = gauge(100, 20, createRandom(number))
      t.true(Math.abs(curve(at) - 100) <= 20)
      t.not(curve(at), curve(at + 1))
    }),
  )
})

test('random numbers are the same in each run, and those of neighbouring seeds differ', t => {
  const numbers = Array.from({ length: 1000 }, (_, index) => createRandom(index + 1)())
  t.deepEqual(
    numbers,
    Array.from({ length: 1000 }, (_, index) => createRandom(index + 1)()),
  )
  const mean = numbers.reduce((total, number) => total + number, 0) / numbers.length
  t.true(Math.abs(mean - 0.5) < 0.05)
  t.true(numbers.every(number => number >= 0 && number < 1))
})

test('scattered numbers stay different', t => {
  const numbers = Array.from({ length: 10_000 }, (_, index) => scatter(index))
  t.is(new Set(numbers).size, numbers.length)
})
