import { existsSync, globSync, readFileSync } from 'node:fs'
import test from 'ava'
import { definitionOf, FLAG_NAMES, type FlagType, isFlagName } from '../../lib/cli/flag-table.ts'
import { defaultText, isList, parseItem, scalarTypeOf } from '../../lib/cli/flag-value.ts'

const REFERENCE = new URL('../../../shared/reference/flags.json', import.meta.url)
const OWN = ['shards']
/** What they ask for is what this version does in any case. */
const ALWAYS_SO = new Set([
  'promscrape.minResponseSizeForStreamParse',
  'remoteWrite.disableOnDiskQueue',
  'remoteWrite.forcePromProto',
])

type ReferenceFlag = { name: string; type: FlagType; default: string; perUrl?: boolean; enterprise?: boolean }

test('every default is a value of its flag', t => {
  for (const name of FLAG_NAMES) {
    const definition = definitionOf(name)
    const text = defaultText(definition)
    t.not(parseItem(definition, text), undefined, `-${name}: ${text}`)
    if (definition.choices) t.true(definition.choices.includes(text), name)
  }
})

test('every flag that works is described, and no other', t => {
  for (const name of FLAG_NAMES) {
    const { implemented, description } = definitionOf(name)
    t.is(description !== undefined, implemented === true, name)
  }
})

test('every flag that works is read by some source', t => {
  const root = new URL('../../', import.meta.url)
  const text = globSync('lib/**/*.ts', { cwd: root })
    .filter(file => !file.endsWith('flag-table.ts'))
    .map(file => readFileSync(new URL(file, root), 'utf8'))
    .join()
  const unread = FLAG_NAMES.filter(name => definitionOf(name).implemented && !text.includes(`'${name}'`))
  t.deepEqual(
    unread.filter(name => !ALWAYS_SO.has(name)),
    [],
  )
})

test('only lists belong to URLs', t => {
  for (const name of FLAG_NAMES.filter(name => definitionOf(name).perUrl)) t.true(isList(definitionOf(name)), name)
})

test('the type of a list is that of its items', t => {
  t.is(scalarTypeOf(definitionOf('remoteWrite.queues')), 'int')
  t.is(scalarTypeOf(definitionOf('shards')), 'int')
})

test('names of objects are no flags', t => {
  for (const name of ['constructor', 'toString', '__proto__', '']) t.false(isFlagName(name))
})

const compared = existsSync(REFERENCE) ? test : test.skip
compared('the table has the flags of the reference, with their types and defaults', t => {
  const reference = JSON.parse(readFileSync(REFERENCE, 'utf8')) as ReferenceFlag[]
  t.deepEqual([...FLAG_NAMES].sort(), [...reference.map(flag => flag.name), ...OWN].sort())
  for (const flag of reference) {
    t.true(isFlagName(flag.name), flag.name)
    if (!isFlagName(flag.name)) continue
    const { type, default: text, perUrl, enterprise } = definitionOf(flag.name)
    t.is(type, flag.type, flag.name)
    // The reference gives the address that an unset -httpListenAddr stands for in another field.
    if (flag.name !== 'httpListenAddr') t.is(text, flag.default, flag.name)
    t.deepEqual([perUrl ?? false, enterprise ?? false], [flag.perUrl ?? false, flag.enterprise ?? false], flag.name)
  }
})
