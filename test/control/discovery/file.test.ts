import { rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { FileDiscoverer } from '../../../lib/control/discovery/file.ts'
import { configDir } from '../../support/config-dir.ts'
import { discovering, discoveryContext } from '../../support/discovering.ts'

/** A discoverer that has made its first attempt. */
async function discover(t: ExecutionContext, baseDir: string, files: readonly string[], intervalMs = 60_000) {
  const { options } = discoveryContext()
  const seen = discovering(t, new FileDiscoverer({ kind: 'file_sd_configs', files, baseDir, intervalMs }, options))
  await seen.started
  return seen
}

test('YAML and JSON files are read, with labels of any scalar and the path of the file', async t => {
  const directory = await configDir(t, {
    'a.yml':
      '- targets: [a:1, 5]\n  labels: {from: yaml, num: 5, none: null, env: "%{NAME}", __meta_filepath: own}\n- targets: []\n',
    'sub/b.json': '[{"targets": ["b:1"], "labels": {"from": "json"}}]',
    'sub/c.json': '[]',
    'sub/d.txt': '- targets: [d:1]',
  })
  const { told, problems } = await discover(t, directory, ['a.yml', 'sub/*.json'])
  t.deepEqual(problems, [])
  t.is(told.length, 1)
  t.deepEqual(told[0], [
    {
      kind: 'file_sd_configs',
      source: join(directory, 'a.yml'),
      targets: ['a:1', '5'],
      labels: { from: 'yaml', num: '5', none: '', env: 'from-env', __meta_filepath: 'a.yml' },
    },
    { kind: 'file_sd_configs', source: join(directory, 'a.yml'), targets: [], labels: { __meta_filepath: 'a.yml' } },
    {
      kind: 'file_sd_configs',
      source: join(directory, 'sub/b.json'),
      targets: ['b:1'],
      labels: { from: 'json', __meta_filepath: 'sub/b.json' },
    },
  ])
})

test('a path outside of the directory of the configuration is shown whole', async t => {
  const directory = await configDir(t, { 'a.yml': '- targets: [a:1]\n' })
  const { told } = await discover(t, join(directory, 'elsewhere'), [join(directory, 'a.yml')])
  t.is(told[0]![0]!.labels.__meta_filepath, join(directory, 'a.yml'))
})

test('broken and missing files are named, and do not keep others from being read', async t => {
  const directory = await configDir(t, {
    'bad.yml': 'targets: [x:1]\n',
    'unknown.yml': '- targets: [x:1]\n  nope: 1\n',
    'good.yml': '- targets: [good:1]\n',
    'empty.yml': '',
  })
  const files = ['bad.yml', 'unknown.yml', 'missing.yml', 'empty.yml', 'good.yml', 'none/*.yml']
  const { targets, problems } = await discover(t, directory, files)
  t.deepEqual(targets(), ['good:1'])
  t.is(problems.length, 3)
  t.regex(problems[0]!, /bad\.yml:1:1: expected a list, found a map/)
  t.regex(problems[1]!, /unknown\.yml:2:3: .*unknown field "nope"/)
  t.regex(problems[2]!, /missing\.yml cannot be read/)
})

test('a file that changes is read again long before the next interval', async t => {
  const directory = await configDir(t, { 'a.yml': '- targets: [a:1]\n', 'sub/x.yml': '- targets: [x:1]\n' })
  const { becomes, problems } = await discover(t, directory, ['a.yml', 'sub/*.yml'])
  await becomes('a:1', 'x:1')
  await writeFile(join(directory, 'a.yml'), '- targets: [b:1]\n')
  await becomes('b:1', 'x:1')
  await writeFile(join(directory, 'sub/y.yml'), '- targets: [y:1]\n')
  await becomes('b:1', 'x:1', 'y:1')
  await writeFile(join(directory, 'new'), '- targets: [c:1]\n')
  await rename(join(directory, 'new'), join(directory, 'a.yml'))
  await becomes('c:1', 'x:1', 'y:1')
  await rm(join(directory, 'sub/x.yml'))
  await becomes('c:1', 'y:1')
  t.deepEqual(problems, [])
})

test('a file in a directory that appears later is found at an interval', async t => {
  const directory = await configDir(t)
  const { becomes, targets } = await discover(t, join(directory, 'later'), ['a.yml'], 50)
  t.deepEqual(targets(), [])
  await rename(await configDir(t, { 'a.yml': '- targets: [a:1]\n' }), join(directory, 'later'))
  await becomes('a:1')
})

test('a file that breaks keeps its targets until it was found broken twice', async t => {
  const directory = await configDir(t, { 'a.yml': '- targets: [a:1]\n', 'b.yml': '- targets: [b:1]\n' })
  const { becomes, told, problems } = await discover(t, directory, ['a.yml', 'b.yml'])
  await writeFile(join(directory, 'a.yml'), '- targets: [a:1\n')
  await becomes('b:1')
  t.is(told.length, 2)
  t.regex(problems[0]!, /a\.yml:2:1: .*; its targets are left out$/)
  await writeFile(join(directory, 'a.yml'), '- targets: [a:2]\n')
  await becomes('a:2', 'b:1')
})

test('what is told of a file that did not change is the same as before', async t => {
  const directory = await configDir(t, {
    'a.yml': '- targets: [a:1]\n- targets: [a:2]\n',
    'b.yml': '- targets: [b:1]\n',
  })
  const { becomes, told } = await discover(t, directory, ['a.yml', 'b.yml'])
  await writeFile(join(directory, 'b.yml'), '- targets: [b:2]\n')
  await becomes('a:1', 'a:2', 'b:2')
  await writeFile(join(directory, 'a.yml'), '- targets: [a:0]\n- targets: [a:2]\n')
  await becomes('a:0', 'a:2', 'b:2')
  const [first, second, third] = told
  t.is(second![0], first![0])
  t.is(second![1], first![1])
  t.is(third![1], first![1], 'a group that stays in a file that changes, too')
  t.is(third![2], second![2])
})

test('a URL is fetched', async t => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/list.json' ? 200 : 404
    response.end('[{"targets": ["u:1"]}]')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { told, problems } = await discover(t, '.', [`${base}/list.json`, `${base}/gone.json`])
  t.deepEqual(told[0]![0]!.labels, { __meta_filepath: `${base}/list.json` })
  t.regex(problems[0]!, /gone\.json answered 404/)
})

test('a closed discoverer tells nothing more', async t => {
  const directory = await configDir(t, { 'a.yml': '- targets: [a:1]\n' })
  const { discoverer, told } = await discover(t, directory, ['a.yml'], 10)
  discoverer.close()
  await writeFile(join(directory, 'a.yml'), '- targets: [b:1]\n')
  const witness = await discover(t, directory, ['a.yml'], 10)
  await writeFile(join(directory, 'a.yml'), '- targets: [c:1]\n')
  await witness.becomes('c:1')
  t.is(told.length, 1)
})
