import test from 'ava'
import fc from 'fast-check'
import type { FlagName } from '../../lib/cli/flag-table.ts'
import { editDistance, suggestFlags } from '../../lib/cli/suggest.ts'

test('the edit distance counts insertions, deletions and replacements', t => {
  t.is(editDistance('kitten', 'sitting'), 3)
  t.is(editDistance('', 'abc'), 3)
  t.is(editDistance('abc', ''), 3)
  t.is(editDistance('abc', 'abc'), 0)
})

test('the edit distance is symmetric and at most the longer length', t => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const distance = editDistance(a, b)
      return distance === editDistance(b, a) && distance <= Math.max(a.length, b.length)
    }),
  )
  t.pass()
})

const CASES: readonly (readonly [wanted: string, first: FlagName | undefined])[] = [
  ['remotewrite.URL', 'remoteWrite.url'],
  ['remoteWrite.ur', 'remoteWrite.url'],
  ['promscrape.configg', 'promscrape.config'],
  ['tmpDataPath', 'remoteWrite.tmpDataPath'],
  ['completely.different', undefined],
  ['', undefined],
]
for (const [wanted, first] of CASES) {
  test(`${wanted || 'an empty name'} looks like ${first ?? 'no flag'}`, t => t.is(suggestFlags(wanted)[0], first))
}
