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

test('a target with other options, of the same job, URL and labels, changes where it is', t => {
  const roster = new Roster(4)
  const named = (number: number, jobKey = 'job#1') => targetOf(number, jobKey)
  roster.replace([named(1), named(2), named(3)])
  roster.weigh([[idOf(1), 1_000_000]])
  const shard = roster.shardOf(idOf(1))!
  const same = { ...named(1), id: idOf(11), jobKey: 'job#2', timeoutMs: 5 }
  const otherJob = { ...named(2), id: idOf(12), jobKey: 'jobs#2' }
  const otherLabels = { ...named(3), id: idOf(13), labels: [] }
  const changes = roster.replace([same, otherJob, otherLabels])
  t.deepEqual(changes[shard]!.changed, [{ before: idOf(1), spec: same }])
  t.is(roster.shardOf(idOf(11)), shard)
  t.deepEqual(changes.flatMap(change => change.removed).sort(), [idOf(2), idOf(3)].sort())
  t.deepEqual(changes.flatMap(change => change.added.map(({ id }) => id)).sort(), [idOf(12), idOf(13)].sort())
  const beside = Array.from({ length: 40 }, (_, number) => named(number + 20))
  roster.replace([same, ...beside])
  t.is(beside.filter(({ id }) => roster.shardOf(id) === shard).length, 0, 'it is as heavy as it was')
})

test('each of two targets that are the same but for their options has one successor at most', t => {
  const roster = new Roster(1)
  roster.replace([targetOf(1), { ...targetOf(1), id: idOf(2), timeoutMs: 5 }])
  const successors = [3, 4, 5].map(number => ({ ...targetOf(1), id: idOf(number), timeoutMs: number }))
  const [change] = roster.replace(successors)
  t.is(change!.changed.length + change!.added.length, 3)
  t.is(new Set(change!.changed.map(({ before }) => before)).size, change!.changed.length)
  t.is(change!.changed.length + change!.removed.length, 2)
})
