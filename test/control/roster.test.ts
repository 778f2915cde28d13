import test from 'ava'
import { Roster } from '../../lib/control/roster.ts'
import { targetOf } from '../support/specs.ts'

const idOf = (number: number) => targetOf(number).id

test('a change names what came and what went, by shard', t => {
  const roster = new Roster(2)
  const [one, two] = roster.replace([targetOf(1), targetOf(2), targetOf(3), targetOf(4)])
  t.deepEqual([...one!.added, ...two!.added].map(target => target.id).sort(), [1, 2, 3, 4].map(idOf).sort())
  const gone = roster.shardOf(idOf(3))!
  const changes = roster.replace([targetOf(1), targetOf(2), targetOf(4), targetOf(5)])
  t.deepEqual(changes[gone]!.removed, [idOf(3)])
  t.deepEqual(changes[1 - gone]!.removed, [])
  t.deepEqual(
    changes.flatMap(change => change.added.map(target => target.id)),
    [idOf(5)],
  )
})

test('the first of several targets with one id counts', t => {
  const roster = new Roster(1)
  const [change] = roster.replace([targetOf(1), { ...targetOf(1), url: 'http://other/' }])
  t.deepEqual(change!.added, [targetOf(1)])
})

test('the weight of a target that goes is forgotten', t => {
  const roster = new Roster(2)
  roster.weigh([[idOf(1), 1_000_000]]) // not on the roster yet
  roster.replace([targetOf(1)])
  roster.weigh([[idOf(1), 1_000_000]])
  roster.replace([])
  const others = Array.from({ length: 21 }, (_, number) => targetOf(number + 1))
  roster.replace(others)
  const beside = others.filter(target => roster.shardOf(target.id) === roster.shardOf(idOf(1)))
  t.true(beside.length > 5)
})
