import test from 'ava'
import fc from 'fast-check'
import { Cluster } from '../../lib/control/cluster.ts'
import { DEFAULT_SCRAPE_OPTIONS } from '../../lib/control/config/types.ts'

const OPTIONS = DEFAULT_SCRAPE_OPTIONS.cluster
const labelsOf = (target: number) => [{ name: '__address__', value: `host-${target}` }]

test('an agent alone has all targets', t => {
  const cluster = new Cluster(OPTIONS)
  t.true(cluster.isOneOf(cluster.membersFor(labelsOf(1))))
})

test('each target has as many members as there are replicas, next to each other, and the same ones for all', t => {
  const membersCount = fc.integer({ min: 1, max: 9 })
  const replicationFactor = fc.integer({ min: 0, max: 12 })
  fc.assert(
    fc.property(membersCount, replicationFactor, fc.nat(), (membersCount, replicationFactor, target) => {
      const agents = Array.from({ length: membersCount }, (_, memberNum) => {
        return new Cluster({ ...OPTIONS, membersCount, replicationFactor, memberNum })
      })
      const members = agents[0]!.membersFor(labelsOf(target))
      const numbers = members.map(({ number }) => number)
      t.is(numbers.length, Math.min(Math.max(replicationFactor, 1), membersCount))
      for (const [index, number] of numbers.entries()) t.is(number, (numbers[0]! + index) % membersCount)
      for (const [number, agent] of agents.entries()) {
        t.deepEqual(agent.membersFor(labelsOf(target)), members)
        t.is(agent.isOneOf(members), numbers.includes(number))
      }
    }),
  )
})

test('the order of labels, and labels without a value, make no difference', t => {
  const cluster = new Cluster({ ...OPTIONS, membersCount: 1000 })
  const a = { name: 'a', value: '1' }
  const b = { name: 'b', value: '2' }
  t.is(cluster.membersFor([a, b]), cluster.membersFor([{ name: 'c', value: '' }, b, a]))
  t.not(cluster.membersFor([a, b]), cluster.membersFor([a]))
})

test('members have a URL where a template tells it', t => {
  const memberUrlTemplate = 'http://agent-%d.example/?agent=%d'
  const [member] = new Cluster({ ...OPTIONS, membersCount: 5, memberUrlTemplate }).membersFor(labelsOf(1))
  t.is(member!.url, `http://agent-${member!.number}.example/?agent=${member!.number}`)
  t.is(new Cluster({ ...OPTIONS, membersCount: 5 }).membersFor(labelsOf(1))[0]!.url, '')
})
