import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { loadConfig } from '../../lib/control/config/load.ts'
import { DEFAULT_SCRAPE_OPTIONS } from '../../lib/control/config/types.ts'
import { TargetFeed } from '../../lib/control/target-feed.ts'
import type { TargetSpec } from '../../shared/target.ts'
import { makeDirectory } from '../support/agent-process.ts'
import { recordingLogger } from '../support/supervision.ts'

/** The urls that the shards were told of last; `next` waits for the next time. */
function setUp(t: ExecutionContext) {
  const { scoped, log } = recordingLogger()
  let told = Promise.withResolvers<string[]>()
  const assign = (_: unknown, targets: readonly TargetSpec[]) => {
    told.resolve(targets.map(target => target.url))
    told = Promise.withResolvers<string[]>()
  }
  const feed = new TargetFeed(DEFAULT_SCRAPE_OPTIONS, { assign }, scoped)
  t.teardown(() => feed.close())
  return { feed, log, next: () => told.promise }
}

async function configOf(t: ExecutionContext, jobs: readonly string[]) {
  const file = join(await makeDirectory(t), 'scrape.yml')
  const text = jobs.map(job => `- job_name: ${job}\n  static_configs: [{targets: ['${job}:1']}]\n`).join('')
  await writeFile(file, `scrape_configs:\n${text}`)
  return (await loadConfig(file, DEFAULT_SCRAPE_OPTIONS)).config
}

test('jobs are not ready until their targets have been told to the shards', async t => {
  const { feed, next } = setUp(t)
  t.is(feed.discovered.jobsNotReady, 0)
  const told = next()
  feed.start(await configOf(t, ['a', 'b']))
  t.is(feed.discovered.jobsNotReady, 2)
  t.deepEqual(await told, ['http://a:1/metrics', 'http://b:1/metrics'])
  t.is(feed.discovered.jobsNotReady, 0)
  t.deepEqual(
    feed.discovered.targets.map(target => target.scrapePool),
    ['a', 'b'],
  )
})

test('another configuration replaces the targets, and the agent stays ready', async t => {
  const { feed, next } = setUp(t)
  const first = next()
  feed.start(await configOf(t, ['a', 'b']))
  await first
  const second = next()
  feed.replaceConfig(await configOf(t, ['b', 'c']))
  t.is(feed.discovered.jobsNotReady, 0)
  t.deepEqual(await second, ['http://b:1/metrics', 'http://c:1/metrics'])
})

test('nothing is told after the end', async t => {
  const { feed, next } = setUp(t)
  let wasTold = false
  void next().then(() => {
    wasTold = true
  })
  feed.start(await configOf(t, ['a']))
  feed.close()
  await new Promise(resolve => setTimeout(resolve, 100))
  t.false(wasTold)
})
