import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import test from 'ava'
import { type ParsedLine, parseExposition, parseFloat64 } from './reference.ts'

type TwinResponse = string | { readonly body?: string; readonly headers?: Record<string, string> }
type TwinCase = { readonly exporters: { readonly a: readonly TwinResponse[] }; readonly files: Record<string, string> }
type TwinExpected = { readonly sinks: { readonly 1: { readonly series: Record<string, readonly string[]> } } }

const CASES = new URL('../../../shared/twin/cases/public/exposition/', import.meta.url)

/** Series of the cases that the reference reads differently on purpose; see the list in reference.ts. */
const DEPARTURES: Record<string, readonly RegExp[]> = {
  'number-forms': [/form="1 -0"/],
  duplicates: [/x="1",x="2"/],
}

/** As the cases show a series. */
function show({ name, labels }: ParsedLine): string {
  const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
  const target = ['instance', 'job'].map(name => ({ name, value: '*' }))
  const all = [...labels.filter(label => label.value !== ''), ...target].sort((a, b) => (a.name < b.name ? -1 : 1))
  const shown = all.map(label => {
    const bare = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label.name)
    return `${bare ? label.name : JSON.stringify(label.name)}=${quote(label.value)}`
  })
  return `${/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name) ? name : JSON.stringify(name)}{${shown.join(',')}}`
}

function showValue(value: number): string {
  return Math.abs(value) === Infinity ? `${value < 0 ? '-' : '+'}Inf` : String(value)
}

/** vmagent multiplies by a power of ten and is off by a unit in the last place or two. */
function isNear(found: string, recorded: string): boolean {
  const difference = Math.abs(Number(found) - Number(recorded))
  return found === recorded || difference <= Math.abs(Number(found)) * 2 ** -51
}

/** Series of the bodies, with the values that each shows one after the other. */
function seriesOf(bodies: readonly string[]): Map<string, string[]> {
  const series = new Map<string, string[]>()
  for (const body of bodies) {
    for (const line of parseExposition(body).lines) {
      const key = show(line)
      series.set(key, [...(series.get(key) ?? []), showValue(line.value)])
    }
  }
  return series
}

const names = existsSync(CASES) ? readdirSync(CASES) : []
if (names.length === 0) {
  test('recorded cases are not here, and the table below stands for them', t => t.pass())
}
for (const name of names) {
  test(`the reference reads the recorded case ${name} as vmagent does`, async t => {
    const { default: played } = (await import(new URL(`${name}/case.mjs`, CASES).href)) as { default: TwinCase }
    const expected = JSON.parse(await readFile(new URL(`${name}/expected.json`, CASES), 'utf8')) as TwinExpected
    const recorded = expected.sinks[1].series
    if (recorded === undefined) {
      t.pass('only a digest was recorded')
      return
    }
    const bodies = played.exporters.a.map(response => (typeof response === 'string' ? response : (response.body ?? '')))
    const isDeparture = (key: string): boolean => (DEPARTURES[name] ?? []).some(pattern => pattern.test(key))
    const wanted = new Map<string, readonly string[]>()
    for (const [key, values] of Object.entries(recorded)) {
      if (/^(up|scrape_\w+)\{/.test(key) || isDeparture(key)) continue
      const anonymous = key.replace(/instance="\{\{TARGET:a\}\}"/, 'instance="*"').replace(/job="j"/, 'job="*"')
      wanted.set(
        anonymous,
        values.map(value => value.replace(/@.*$/, '')).filter(value => value !== 'stale'),
      )
    }
    const read = seriesOf(bodies)
    for (const key of read.keys()) if (isDeparture(key)) read.delete(key)
    t.deepEqual([...read.keys()].sort(), [...wanted.keys()].sort())
    for (const [key, values] of wanted) {
      t.true(
        values.every(value => read.get(key)!.some(found => isNear(found, value))),
        key,
      )
    }
  })
}

/** What vmagent was seen to do with single lines: name, labels, value, timestamp; or nothing. */
const LINES: readonly (readonly [line: string, found?: readonly [string, Record<string, string>, number, bigint?]])[] =
  [
    ['foo# 5', ['foo#', {}, 5]],
    ['fo#o{a="b"} 5', ['fo#o', { a: 'b' }, 5]],
    ['foo 5 {a="b"} 7', ['foo 5', { a: 'b' }, 7]],
    ['foo bar{} 5', ['foo bar', {}, 5]],
    ['foo bar 5'],
    ['foo 5#6', ['foo', {}, 5]],
    ['foo #5'],
    ['foo{a="b"}#5'],
    ['foo{a="b"}5#', ['foo', { a: 'b' }, 5]],
    ['foo{a="b"}NaN', ['foo', { a: 'b' }, Number.NaN]],
    ['foo 5 6 7'],
    ['foo 5 6#7', ['foo', {}, 5, 6000n]],
    ['foo 5 .5', ['foo', {}, 5, 500n]],
    ['foo 5 -0.0015', ['foo', {}, 5, -1n]],
    ['foo 5 0.0009', ['foo', {}, 5, 0n]],
    ['foo 5 2147483647.5', ['foo', {}, 5, 2147483647500n]],
    ['foo 5 2147483648', ['foo', {}, 5, 2147483648n]],
    ['foo 5 -2147483648', ['foo', {}, 5, -2147483648000n]],
    ['foo 5 -2147483649', ['foo', {}, 5, -2147483649n]],
    ['foo 5 NaN', ['foo', {}, 5, -(2n ** 63n)]],
    ['foo 5 1e19', ['foo', {}, 5, -(2n ** 63n)]],
    ['foo 5 +6'],
    ['foo{a="b"}} 5'],
    ['foo{{a="b"} 5', ['foo', { '{a': 'b' }, 5]],
    ['foo{a b ="c"} 5', ['foo', { 'a b': 'c' }, 5]],
    ['foo{a=="b"} 5', ['foo', { 'a=': 'b' }, 5]],
    ['foo{a=b,c="d"} 5', ['foo', { 'a=b,c': 'd' }, 5]],
    ['foo{x"a"="y"} 5'],
    ['foo{="b",c="d"} 5', ['foo', { c: 'd' }, 5]],
    ['foo{a="b",,c="d"} 5', ['foo', { a: 'b', ',c': 'd' }, 5]],
    ['foo{a="b",,} 5'],
    ['foo{,} 5'],
    ['foo{"a" = "y"} 5', ['foo', { a: 'y' }, 5]],
    ['foo{"a\\"b"="y"} 5', ['foo', { 'a"b': 'y' }, 5]],
    ['foo{""="y"} 5', ['foo', {}, 5]],
    ['foo{"x"} 5'],
    ['{"x","y"} 5'],
    ['{"","x"} 5', ['x', {}, 5]],
    ['{"x",""} 5'],
    ['{a="b", "x" ,c="d"} 5', ['x', { a: 'b', c: 'd' }, 5]],
    ['{"x\\\\"} 5', ['x\\', {}, 5]],
    ['{"x=y"}5', ['x=y', {}, 5]],
    ['{a="b"} 5'],
    ['{} 5'],
    ['foo{a="\\\\\\n\\t"} 5', ['foo', { a: '\\\n\\t' }, 5]],
    ['foo{a="\\"} 5'],
    ['} 5', ['}', {}, 5]],
    ['=5'],
    ['"foo" 5', ['"foo"', {}, 5]],
    ['foo 5\r', ['foo', {}, 5]],
    ['foo 5\r\r'],
    ['foo\r 5', ['foo\r', {}, 5]],
    ['foo{\ra="b"} 5', ['foo', { '\ra': 'b' }, 5]],
    ['foo{a="b"}\r5'],
    ['\u{feff}foo 5', ['\u{feff}foo', {}, 5]],
    ['foo\u00a05'],
    // Departures:
    ['foo 5 # {trace_id="x"} 1', ['foo', {}, 5]],
    ['foo 5 1600000000 # {x="}"} 1 2', ['foo', {}, 5, 1600000000000n]],
    ['foo #bar{a="b"} 5'],
    ['foo{} 5 # {x="y"} 1', ['foo', {}, 5]],
    ['{"foo",} 5 # {x="y"} 1', ['foo', {}, 5]],
    ['{"foo"}{a="b"} 5'],
    ['foo{a="b",a="c"} 5'],
    ['foo{a="b",a="b"} 5'],
    ['foo{a="",a="b"} 5', ['foo', { a: 'b' }, 5]],
    ['foo{__name__="bar"} 5', ['bar', {}, 5]],
    ['foo{__name__=""} 5', ['foo', {}, 5]],
    ['foo -5.', ['foo', {}, -5]],
    ['foo -0', ['foo', {}, -0]],
  ]

test('rare lines mean what vmagent makes of them', t => {
  for (const [text, found] of LINES) {
    const { lines, invalid } = parseExposition(text)
    t.is(invalid, found === undefined ? 1 : 0, text)
    if (found === undefined) continue
    const [name, labels, value, timeMs = 0n] = found
    const [line] = lines
    t.is(line!.name, name, text)
    t.deepEqual(Object.fromEntries(line!.labels.map(label => [label.name, label.value])), labels, text)
    t.true(Object.is(line!.value, value), text)
    t.is(line!.timeMs, timeMs, text)
  }
})

test('empty lines and comments are neither series nor invalid', t => {
  t.deepEqual(parseExposition('\n\r\n \r\n\t\n#\n # a 5\n\t#b 5\r\n# HELP a b'), { lines: [], invalid: 0 })
})

test('the slow number parser takes the forms that vmagent takes', t => {
  t.is(parseFloat64('-InFinity'), -Infinity)
  t.is(parseFloat64('1000000000000000000_0'), 1e19)
  for (const text of ['', '+1', '0x10', '1_000', '.', '1e', 'infinit']) t.is(parseFloat64(text), undefined, text)
})
