import test, { type ExecutionContext } from 'ava'
import { destinationCountersIn, shardCountersIn, writerCountersIn } from '../../lib/control/ring-memory.ts'
import { Supervisor } from '../../lib/control/supervise.ts'
import type { WorkerFailed } from '../../lib/control/thread.ts'
import { destinationOf, jobOf, shardOptionsOf, targetOf } from '../support/specs.ts'
import { fakeWorkers, recordingLogger } from '../support/supervision.ts'

const jobs = ['a', 'b'].map(jobOf)

const shardOptions = shardOptionsOf()

async function supervise(t: ExecutionContext, shardCount = 2, destinations = ['1:secret-url']) {
  const { logger, log } = recordingLogger()
  const failures: WorkerFailed[] = []
  const failed = Promise.withResolvers<WorkerFailed>()
  const supervisor = await Supervisor.start({
    shardCount,
    shardOptions,
    destinations: destinations.map(destinationOf),
    writerOptions: { flushIntervalMs: 1000, blockRawBytesMax: 1 << 20, blockSamplesMax: 10_000 },
    logger,
    onFailure: error => {
      failures.push(error)
      failed.resolve(error)
    },
    entries: fakeWorkers,
  })
  const stop = async () => {
    await supervisor.stopShards(100)
    await supervisor.stopWriter(100)
  }
  t.teardown(stop)
  return { supervisor, log, failures, failed: failed.promise, stop }
}

test('each target is on exactly one shard, and all shards have some', async t => {
  const { supervisor } = await supervise(t, 3)
  const targets = Array.from({ length: 60 }, (_, number) => targetOf(number))
  supervisor.assign(jobs, targets)
  const statuses = await supervisor.targetStatuses()
  t.deepEqual([...statuses.keys()].sort(), targets.map(target => target.id).sort())
  for (const [id, status] of statuses) t.is(supervisor.shardOf(id), status.samples)
  t.is(new Set([...statuses.values()].map(status => status.samples)).size, 3)
  t.is(
    supervisor.memory.shards.reduce((sum, memory) => sum + shardCountersIn(memory).get('targets'), 0),
    60,
  )
})

test('a target that stays is not touched, one that goes is removed', async t => {
  const { supervisor } = await supervise(t)
  supervisor.assign(jobs, [targetOf(1), targetOf(2), targetOf(3)])
  supervisor.assign(jobs, [targetOf(2), targetOf(3), targetOf(4)])
  const statuses = await supervisor.targetStatuses()
  t.deepEqual([...statuses.keys()].sort(), [2, 3, 4].map(number => targetOf(number).id).sort())
  for (const status of statuses.values()) t.is(status.scrapes, 1)
  t.is(supervisor.shardOf(targetOf(1).id), undefined)
})

test('a target whose options change is told as such, with its job', async t => {
  const { supervisor, log } = await supervise(t)
  const named = ['job#1', 'job#2'].map(jobOf)
  supervisor.assign(named, [targetOf(1, 'job#1'), targetOf(2, 'job#1')])
  const changed = { ...targetOf(1, 'job#2'), id: targetOf(9).id }
  supervisor.assign(named, [changed, targetOf(2, 'job#1')])
  const statuses = await supervisor.targetStatuses()
  t.is(statuses.get(changed.id)!.scrapes, 101)
  t.is(statuses.size, 2)
  t.true(log.includes('targets: 0 added, 0 removed, 1 changed, 2 in all'))
})

test('who asks how targets are while the shards are being asked gets the same answer', async t => {
  const { supervisor } = await supervise(t)
  supervisor.assign(jobs, [targetOf(1)])
  const [first, second] = await Promise.all([supervisor.targetStatuses(), supervisor.targetStatuses()])
  t.is(first, second)
  t.not(await supervisor.targetStatuses(), first)
})

test('the answer of a target comes from its shard', async t => {
  const { supervisor } = await supervise(t)
  const targets = [1, 2, 3, 4].map(number => targetOf(number))
  supervisor.assign(jobs, targets)
  for (const target of targets) {
    const response = await supervisor.targetResponse(target)
    const text = response?.ok ? Buffer.from(response.body).toString() : undefined
    t.is(text, `shard ${supervisor.shardOf(target.id)} fetched ${target.url}\n`)
  }
  t.is(await supervisor.targetResponse(targetOf(5)), undefined)
})

test('a target that comes back is added again', async t => {
  const { supervisor } = await supervise(t, 1)
  for (const targets of [[targetOf(1)], [], [targetOf(1)]]) supervisor.assign(jobs, targets)
  const statuses = await supervisor.targetStatuses()
  t.is(statuses.get(targetOf(1).id)?.scrapes, 2)
})

test('a shard gets the jobs of its added targets and no others, and nothing when nothing changes', async t => {
  const { supervisor, log } = await supervise(t, 1)
  supervisor.assign(jobs, [targetOf(1, 'a')])
  supervisor.assign(jobs, [targetOf(1, 'a'), targetOf(2, 'b'), targetOf(3, 'b')])
  supervisor.assign(jobs, [targetOf(3, 'b'), targetOf(2, 'b'), targetOf(1, 'a')])
  await supervisor.targetStatuses()
  t.deepEqual(log, [
    'targets: 1 added, 0 removed, 0 changed, 1 in all',
    'targets: 2 added, 0 removed, 0 changed, 3 in all',
    'jobs of shard 0: a',
    'jobs of shard 0: b',
  ])
})

test('the second of two targets with one id is ignored', async t => {
  const { supervisor } = await supervise(t)
  supervisor.assign(jobs, [targetOf(1), { ...targetOf(1), url: 'http://other/metrics' }])
  const statuses = await supervisor.targetStatuses()
  t.deepEqual(
    [...statuses.values()].map(status => status.scrapes),
    [1],
  )
})

test('new targets keep away from a shard with a giant', async t => {
  const { supervisor } = await supervise(t)
  const giant = targetOf(1, 'a', 'giant')
  supervisor.assign(jobs, [giant])
  await supervisor.targetStatuses() // the weight has come before this answer
  const others = Array.from({ length: 20 }, (_, number) => targetOf(number + 2))
  supervisor.assign(jobs, [giant, ...others])
  for (const other of others) t.not(supervisor.shardOf(other.id), supervisor.shardOf(giant.id))
})

test('a shard that does not answer costs its own statuses only', async t => {
  const { supervisor } = await supervise(t)
  const targets = [targetOf(1, 'a', 'mute'), ...Array.from({ length: 20 }, (_, number) => targetOf(number + 2))]
  supervisor.assign(jobs, targets)
  const mute = supervisor.shardOf(targets[0]!.id)
  const statuses = await supervisor.targetStatuses()
  const expected = targets.filter(target => supervisor.shardOf(target.id) !== mute).map(target => target.id)
  t.true(expected.length > 0)
  t.deepEqual([...statuses.keys()].sort(), expected.sort())
})

test('counters of the writer and of each destination lie one after the other', async t => {
  const { supervisor } = await supervise(t, 2, ['1:secret-url', '2:secret-url'])
  t.is(writerCountersIn(supervisor.memory).get('segments'), 2)
  t.is(destinationCountersIn(supervisor.memory, 0).get('blocksSent'), 1)
  t.is(destinationCountersIn(supervisor.memory, 1).get('blocksSent'), 2)
})

const crashes = [
  ['throws', 'throw', /^shard 0 failed: no more of this$/],
  ['exits', 'exit', /^shard 0 failed: the thread ended by itself with code 3$/],
  ['gives up', 'fail', /^shard 0 failed: kernel is gone$/],
] as const
for (const [what, behaviour, message] of crashes) {
  test(`a shard that ${what} is reported once, and the others can still be stopped`, async t => {
    const { supervisor, failed, failures, log, stop } = await supervise(t, 1)
    supervisor.assign(jobs, [targetOf(1, 'a', behaviour)])
    t.regex((await failed).message, message)
    await stop()
    t.is(failures.length, 1)
    t.true(log.includes('writer stops within 100 ms'))
    t.false(log.some(line => line.startsWith('warn')))
  })
}

test('a writer that fails at the start fails the start', async t => {
  await t.throwsAsync(supervise(t, 2, ['broken']), {
    code: 'WORKER_FAILED',
    message: 'writer failed: cannot read the CA file',
  })
})

test('the writer stops after the shards, and what it lost is logged', async t => {
  const { log, failures, stop } = await supervise(t)
  await stop()
  t.deepEqual(log.slice(0, 2).sort(), ['shard 0 stops', 'shard 1 stops'])
  t.deepEqual(log.slice(2), ['writer stops within 100 ms', 'error: lost 20 samples in 2 undelivered blocks'])
  t.deepEqual(failures, [])
})

test('all shards hear of other rules', async t => {
  const { supervisor, log } = await supervise(t, 2)
  const rule = { action: 'replace', sourceLabels: [], separator: ';', targetLabel: 'a', replacement: 'b', modulus: 0 }
  const views = [
    { destinations: 1, relabelRules: [rule] },
    { destinations: 2, relabelRules: [] },
  ]
  supervisor.relabel({ remoteRelabelRules: [], views, compatibleNaming: false, remoteLabels: [] })
  await supervisor.targetStatuses()
  t.deepEqual(log.sort(), ['rules of shard 0: [["b"],[]]', 'rules of shard 1: [["b"],[]]'])
})

test('a shard that hangs is ended by force', async t => {
  const { supervisor, log, stop, failures } = await supervise(t, 1)
  supervisor.assign(jobs, [targetOf(1, 'a', 'hang')])
  await stop()
  t.true(log.includes('warn: shard 0 did not stop within 100 ms and was ended by force'))
  t.true(log.includes('writer stops within 100 ms'))
  t.deepEqual(failures, [])
})
