import test from 'ava'
import fc from 'fast-check'
import { parseJsonGroups } from '../../../lib/control/discovery/json-groups.ts'
import { findFault, type JsonPath, locate } from '../../../lib/control/discovery/json-place.ts'

test('targets and labels are read, and nothing else', t => {
  const text = ' [ {"targets": ["a:1", "b:2"], "labels": {"l": "x \\"é\\""}, "other": [1]},\n {"targets":[]}, {} ] '
  t.deepEqual(parseJsonGroups('sd', text), [
    { targets: ['a:1', 'b:2'], labels: { l: 'x "é"' } },
    { targets: [], labels: {} },
    { targets: [], labels: {} },
  ])
  t.deepEqual(parseJsonGroups('sd', '[]'), [])
})

test('null is nothing, and the case of the two fields does not matter, as in Go', t => {
  t.deepEqual(parseJsonGroups('sd', 'null'), [])
  t.deepEqual(
    parseJsonGroups('sd', '[null, {"targets": null, "labels": null}, {"Targets": ["a"], "LABELS": {"l": null}}]'),
    [
      { targets: [], labels: {} },
      { targets: [], labels: {} },
      { targets: ['a'], labels: { l: '' } },
    ],
  )
})

const REFUSED: readonly (readonly [text: string, message: RegExp])[] = [
  ['', /^sd:1:1: not JSON: it ends too early$/],
  ['[{"targets": ["a"]}', /^sd:1:20: not JSON: it ends too early$/],
  ['[\n  {"targets": [a]}\n]', /^sd:2:16: not JSON: unexpected "a"$/],
  ['<html>', /^sd:1:1: not JSON: unexpected "<"$/],
  ['[{"targets": ["a" "b"]}]', /^sd:1:19: not JSON: unexpected "\\""$/],
  ['[{"targets" ["a"]}]', /^sd:1:13: not JSON: unexpected "\["$/],
  ['[{targets: ["a"]}]', /^sd:1:3: not JSON: unexpected "t"$/],
  ['[{"targets": ["a\\x"]}]', /^sd:1:15: not JSON: unexpected "\\""$/],
  ['[{"targets": ["a"],}]', /^sd:1:20: not JSON: unexpected "\}"$/],
  ['[]]', /^sd:1:3: not JSON: unexpected "\]"$/],
  ['[01]', /^sd:1:3: not JSON: unexpected "1"$/],
  ['{"targets": ["a"]}', /^sd:1:1: expected a list, found a map$/],
  ['"x"', /^sd:1:1: expected a list, found the string "x"$/],
  ['[{}, 5]', /^sd:1:6: \[1\]: expected a map, found 5$/],
  ['[[]]', /^sd:1:2: \[0\]: expected a map, found a list$/],
  ['[{"targets": "a"}]', /^sd:1:14: \[0\]\.targets: expected a list, found the string "a"$/],
  ['[{"targets": ["a",\n  {}]}]', /^sd:2:3: \[0\]\.targets\[1\]: expected a string, found a map$/],
  ['[{"labels": ["a"]}]', /^sd:1:13: \[0\]\.labels: expected a map, found a list$/],
  ['[{"labels": {"x": 5}}]', /^sd:1:19: \[0\]\.labels\.x: expected a string, found 5$/],
  ['[{"labels": {"a": "5", "b": true}}]', /^sd:1:29: \[0\]\.labels\.b: expected a string, found true$/],
]

for (const [text, message] of REFUSED) {
  test(`${JSON.stringify(text)} is refused with its place`, t => {
    t.throws(() => parseJsonGroups('sd', text), { code: 'CONFIG_INVALID', message })
  })
}

/** All values within a value, with their paths. */
function* within(value: unknown, path: JsonPath = []): Generator<{ path: JsonPath; value: unknown }> {
  yield { path, value }
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    yield* within(inner, [...path, Array.isArray(value) ? Number(key) : key])
  }
}

test('every value of a JSON text is found at its place', t => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.constantFrom('', '\t', '  '), (value, indent) => {
      const text = ` ${JSON.stringify(value, undefined, indent)}\n`
      for (const { path, value: inner } of within(JSON.parse(text))) {
        const compact = text.slice(locate(text, path)).replaceAll(/\s/g, '')
        t.true(compact.startsWith(JSON.stringify(inner).replaceAll(/\s/g, '')), `${text} at ${JSON.stringify(path)}`)
      }
    }),
    { numRuns: 300 },
  )
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('a text that was JSON before one character was changed is at fault there or later, and JSON up to there', t => {
  const change = fc.record({
    value: fc.jsonValue({ noUnicodeString: false }),
    at: fc.nat(),
    sign: fc.constantFrom(...'[]{},:"\\ 0-1.eEtx\t\n\u0001é', ''),
  })
  fc.assert(
    fc.property(change, ({ value, at, sign }) => {
      const text = JSON.stringify(value)
      const index = at % (text.length + 1)
      const changed = text.slice(0, index) + sign + text.slice(index + 1)
      if (isJson(changed)) return
      const fault = findFault(changed)
      t.true(fault >= 0 && fault <= changed.length)
      // What stands before the fault could go on to be JSON: cut there, a text is only too short.
      t.is(findFault(changed.slice(0, fault)), fault)
    }),
    { numRuns: 2000 },
  )
})
