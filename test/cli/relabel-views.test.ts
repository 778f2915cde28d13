import test from 'ava'
import { parseCommandLine } from '../../lib/cli/command-line.ts'
import { FlagError } from '../../lib/cli/flag-error.ts'
import { toRelabelViews } from '../../lib/cli/relabel-views.ts'

function viewsOf(urls: number, ...flags: string[]) {
  const urlFlags = Array.from({ length: urls }, (_, index) => `-remoteWrite.url=http://h:${index + 1}/`)
  const command = parseCommandLine([...urlFlags, ...flags], {})
  if (command.type !== 'run') throw new Error(`not run but ${command.type}`)
  return toRelabelViews(command.flags).map(({ path, destinations }) => [path, destinations])
}

const flag = (paths: string) => `-remoteWrite.urlRelabelConfig=${paths}`

test('destinations without files of rules, and those with the same one, share a view of all', t => {
  t.deepEqual(viewsOf(1), [['', 0]])
  t.deepEqual(viewsOf(30), [['', 0]])
  t.deepEqual(viewsOf(30, flag('a.yml')), [['a.yml', 0]], 'one file belongs to all')
  t.deepEqual(viewsOf(2, flag('a.yml,a.yml')), [['a.yml', 0]])
  t.deepEqual(viewsOf(1, flag('')), [['', 0]])
  t.deepEqual(viewsOf(0), [])
})

test('others have views of their own, in the order of their URLs', t => {
  t.deepEqual(viewsOf(2, flag('a.yml'), flag('b.yml')), [
    ['a.yml', 0b01],
    ['b.yml', 0b10],
  ])
  t.deepEqual(viewsOf(5, flag('a.yml,,b.yml,a.yml')), [
    ['a.yml', 0b01001],
    ['', 0b10010],
    ['b.yml', 0b00100],
  ])
  t.deepEqual(viewsOf(2, flag(',b.yml')), [
    ['', 0b01],
    ['b.yml', 0b10],
  ])
  t.deepEqual(viewsOf(24, flag(`${'a.yml,'.repeat(23)}b.yml`)), [
    ['a.yml', 2 ** 23 - 1],
    ['b.yml', 2 ** 23],
  ])
})

test('more files than URLs, and more destinations than can differ, are refused', t => {
  for (const [urls, paths, message] of [
    [1, 'a.yml,b.yml', /urlRelabelConfig has 2 values for 1 of -remoteWrite\.url/],
    [0, 'a.yml', /1 values for 0/],
    [25, 'a.yml,b.yml', /differs between 25 destinations; it may for at most 24/],
  ] as const) {
    t.throws(() => viewsOf(urls, flag(paths)), { instanceOf: FlagError, message })
  }
})
