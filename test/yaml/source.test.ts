import test from 'ava'
import { nearestName } from '../../lib/yaml/nearest.ts'
import { parseYaml } from '../../lib/yaml/source.ts'
import { fieldTable } from '../../lib/yaml/value.ts'

const parse = (text: string, strict = true) => parseYaml('c.yml', text, { strict })

test('scalars are read as they are written', t => {
  const map = parse('a: 1.50\nb: 0x10\nc: yes\nd:\ne: "x"\nf: |\n  two\n  lines\ng: on # comment\n').root.asMap()
  const text = (name: string) => map.get(name)?.asString()
  t.is(text('a'), '1.50')
  t.is(map.get('a')!.asNormalisedString(), '1.5')
  t.is(text('b'), '0x10')
  t.is(text('c'), 'yes')
  t.true(map.get('c')!.asBoolean())
  t.true(map.get('g')!.asBoolean())
  t.is(map.get('d'), undefined)
  t.is(text('e'), 'x')
  t.is(text('f'), 'two\nlines\n')
})

test('a wrong type is told with its place, its path and what was found', t => {
  const { root } = parse('list:\n- name: {a: 1}\n  on: "true"\n  n: 1.5\n')
  const item = root.asMap().get('list')!.asList()[0]!.asMap()
  t.throws(() => item.get('name')!.asString(), { message: 'c.yml:2:9: list[0].name: expected a string, found a map' })
  t.throws(() => item.get('on')!.asBoolean(), {
    message: /^c\.yml:3:7: list\[0\]\.on: expected true or false, found the string "true"$/,
  })
  t.throws(() => item.get('n')!.asInteger(), { message: /^c\.yml:4:6: .*expected an integer, found 1\.5$/ })
  t.throws(() => item.get('n')!.asList(), { message: /expected a list/ })
  t.throws(() => item.get('n')!.asMap(), { message: /expected a map/ })
})

test('an empty file is null, and so an empty map or list', t => {
  for (const text of ['', '\n', '# nothing\n', 'null\n', '---\n']) {
    t.deepEqual(parse(text).root.asMap().fields, [], JSON.stringify(text))
    t.deepEqual(parse(text).root.asList(), [])
  }
})

test('an unknown field names the nearest known one; it is a warning in a file that is not read strictly', t => {
  const table = fieldTable('scrape_interval', 'scrape_timeout')
  const problem = 'c.yml:2:1: unknown field "scrape_intervall"; did you mean scrape_interval?'
  const text = 'scrape_timeout: 1s\nscrape_intervall: 2s\n'
  t.throws(() => parse(text).root.asMap().check(table), { code: 'CONFIG_INVALID', message: problem })
  const lenient = parse(text, false)
  lenient.root.asMap().check(table)
  t.deepEqual(lenient.warnings, [problem])
})

test('a field that is nothing like a known one comes with the list of those', t => {
  t.throws(() => parse('zzz: 1').root.asMap().check(fieldTable('a', 'b')), {
    message: 'c.yml:1:1: unknown field "zzz"; known fields: a, b',
  })
})

test('a refused field is an error, a foreign one only in a file that is read strictly', t => {
  const table = { mine: { refused: 'not here' }, theirs: { foreign: 'theirs alone' } }
  t.throws(() => parse('mine: 1', false).root.asMap().check(table), {
    message: /field "mine" is not supported: not here$/,
  })
  t.throws(() => parse('theirs: 1').root.asMap().check(table), {
    message: /field "theirs" is not supported: theirs alone$/,
  })
  t.notThrows(() => parse('theirs: 1', false).root.asMap().check(table))
})

test('names of object members are unknown fields like any other', t => {
  t.throws(() => parse('constructor: 1').root.asMap().check(fieldTable('a')), {
    message: /unknown field "constructor"/,
  })
})

test('aliases and merged maps are followed; own fields win', t => {
  const { root } = parse('- &base {a: 1, b: 2}\n- {<<: *base, b: 3}\n- *base\n- {<<: [*base, {c: 4}]}\n')
  const fields = root.asList().map(item => Object.fromEntries(item.asMap().asPairs()))
  t.deepEqual(fields, [
    { a: '1', b: '2' },
    { b: '3', a: '1' },
    { a: '1', b: '2' },
    { a: '1', b: '2', c: '4' },
  ])
})

test('an alias without an anchor is an error with its place', t => {
  t.throws(() => parse('a: 1\nb: *gone\n').root.asMap(), { message: /^c\.yml:2:4: alias \*gone has no anchor/ })
})

for (const [text, place] of [
  ['a: [1\n', '2:1'],
  ['a: 1\na: 2\n', '2:1'],
  ['a: 1\n---\nb: 2\n', '2:1'],
  ['\ta: 1\n', '1:1'],
  ['a: "x\n', '2:1'],
  ['a: b: c\n', '1:4'],
] as const) {
  test(`${JSON.stringify(text)} is refused at ${place}`, t => {
    t.throws(() => parse(text), { code: 'CONFIG_INVALID', message: new RegExp(`^c\\.yml:${place}: `) })
  })
}

test('secrets are hidden, and all else stays as it is', t => {
  const source = parse('user: u # who\npass: "s3 cret"\nlist: [{k: one}, {k: two}]\nempty: ""\n')
  const map = source.root.asMap()
  t.is(map.get('pass')!.asSecret(), 's3 cret')
  for (const item of map.get('list')!.asList()) item.asMap().get('k')!.asSecret()
  map.get('empty')!.asSecret()
  map.get('pass')!.asSecret()
  t.is(source.redactedText(), 'user: u # who\npass: <secret>\nlist: [{k: <secret>}, {k: <secret>}]\nempty: ""\n')
})

test('the nearest name differs in at most a third of its letters', t => {
  t.is(nearestName('job_nam', ['job_name', 'scheme']), 'job_name')
  t.is(nearestName('static_config', ['static_configs', 'file_sd_configs']), 'static_configs')
  t.is(nearestName('no_such_option', ['job_name', 'scheme']), undefined)
})

test('aliases can be refused, wherever they are', t => {
  for (const yaml of ['a: &x 1\nb: *x\n', 'a: &x {c: 1}\nb:\n  <<: *x\n', 'a: &x [1]\nb: [*x, *x]\n']) {
    const read = (refuseAliases: boolean) => {
      const { root } = parseYaml('f.yml', yaml, { strict: true, refuseAliases })
      const b = root.asMap().get('b')!
      return b.isMap ? b.asMap().fields : b.isList ? b.asList() : b.asInteger()
    }
    t.notThrows(() => read(false))
    t.throws(() => read(true), { code: 'CONFIG_INVALID', message: /^f\.yml:\d+:\d+: alias \*x/ })
  }
})

test('a secret on lines of its own takes no more than that', t => {
  const source = parse('pass: |\n  s3\n  cret\nuser: u\n')
  source.root.asMap().get('pass')!.asSecret()
  t.is(source.redactedText(), 'pass: <secret>\nuser: u\n')
})

test('of a pair only what stands behind the colon is hidden', t => {
  const source = parse(
    '- "X-Key: s3: cret"\n- \'X-Key:  s3 cret\'\n- X-Key:s3cret # note\n- |\n  X-Key: s3cret\n- other\n- [x]\n',
  )
  const items = source.root.asList().slice(0, 5)
  t.deepEqual(
    items.map(item => item.asSecretPair()),
    ['X-Key: s3: cret', 'X-Key:  s3 cret', 'X-Key:s3cret', 'X-Key: s3cret\n', 'other'],
  )
  t.is(
    source.redactedText(),
    '- "X-Key: <secret>"\n- \'X-Key:  <secret>\'\n- X-Key:<secret> # note\n- |\n  X-Key: <secret>\n- other\n- [x]\n',
  )
})
