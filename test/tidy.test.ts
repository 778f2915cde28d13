// House rules that no linter knows: who may import whom, how long a file may be, what a name may say.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const LINES_MAX = 300
const LINE_LENGTH_MAX = 140

/** Tables of data, which are as long as what they list. */
const TABLES = ['lib/cli/flag-table.ts', 'kernel/assembly/number-powers.ts']

/** What the files of a folder may import of the project, beside their own folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  kernel: [],
  'lib/yaml': ['shared'],
  'lib/relabel': ['shared', 'lib/yaml'],
  'lib/control': ['shared', 'lib/yaml', 'lib/relabel'],
  'lib/cli': ['shared', 'lib/control', 'lib/admin', 'package.json'],
  'lib/shard': ['shared', 'kernel/layout.ts', 'lib/relabel'],
  'lib/writer': ['shared'],
  'lib/admin': ['shared', 'lib/control', 'lib/relabel', 'lib/yaml'],
  'lib/demo': ['shared', 'lib/agent.ts', 'lib/admin', 'lib/cli', 'lib/control'],
  workers: ['shared', 'lib/shard', 'lib/writer', 'lib/control'],
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)))
}

const sources = ['lib', 'shared', 'workers', 'kernel'].flatMap(filesBelow)
const tests = ['test', 'bench'].flatMap(filesBelow)
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8')

test('no file is longer than can be taken in', t => {
  for (const file of [...sources, ...filesBelow('bench')]) {
    if (TABLES.includes(file)) continue
    const lines = textOf(file).split('\n')
    t.true(lines.length <= LINES_MAX + 1, `${file} has ${lines.length} lines`)
    const long = lines.findIndex(line => line.length > LINE_LENGTH_MAX)
    t.is(long, -1, `${file}:${long + 1} is too wide`)
  }
})

test('nothing is left to be done later', t => {
  for (const file of [...sources, ...tests.filter(name => name !== 'test/tidy.test.ts')]) {
    t.notRegex(textOf(file), /\b(TODO|FIXME|XXX|HACK)\b/, file)
  }
})

test('folders import only what their thread may know', t => {
  for (const file of sources) {
    const folder = Object.keys(MAY_IMPORT).find(name => file.startsWith(`${name}/`))
    if (folder === undefined) continue
    for (const [, path] of textOf(file).matchAll(/(?:from|import\() ?'(\.[^']+)'/g)) {
      const target = relative(ROOT, resolve(ROOT, dirname(file), path!))
      const isAllowed = [folder, ...MAY_IMPORT[folder]!].some(name => target === name || target.startsWith(`${name}/`))
      t.true(isAllowed, `${file} imports ${target}`)
    }
  }
})

test('every npm package that the product needs has few doors', t => {
  const doors = new Map<string, Set<string>>()
  for (const file of sources) {
    for (const [, name] of textOf(file).matchAll(/^import (?!type).*?from '([a-z@][^':]*)'$/gms)) {
      if (name!.startsWith('node:')) continue
      doors.set(name!, (doors.get(name!) ?? new Set()).add(file))
    }
  }
  for (const [name, files] of doors) t.true(files.size <= 4, `${name} is imported by ${[...files].join(', ')}`)
})

test('a file of tests ends in .test.ts, or is a helper beside them', t => {
  for (const file of tests.filter(name => name.startsWith('test/') && !name.endsWith('.test.ts'))) {
    t.notRegex(textOf(file), /^test(\.serial)?\(/m, `${file} has tests that never run`)
  }
})
