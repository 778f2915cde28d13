import test from 'ava'
import fc from 'fast-check'
import {
  ALL_DESTINATIONS,
  DESTINATIONS_IN_SETS_MAX,
  destinationSet,
  hasDestination,
} from '../../shared/destination-set.ts'

const indexes = fc.uniqueArray(fc.nat(DESTINATIONS_IN_SETS_MAX - 1), { minLength: 1 })

test('a set has just the destinations that it was made of', t => {
  fc.assert(
    fc.property(indexes, fc.nat(DESTINATIONS_IN_SETS_MAX - 1), (members, index) => {
      const set = destinationSet(members)
      t.is(hasDestination(set, index), members.includes(index))
      t.true(set > 0 && set < 2 ** DESTINATIONS_IN_SETS_MAX)
    }),
  )
})

test('all destinations are more than a set could name', t => {
  for (const index of [0, 23, 24, 31, 32, 1000]) t.true(hasDestination(ALL_DESTINATIONS, index))
})
