import test from 'ava'
import { expandEnv } from '../../lib/cli/expand-env.ts'

const env = { A: '1%{B}', B: '2%{C}', C: '3', EMPTY: '', LOOP: 'x%{LOOP2}', LOOP2: 'y%{LOOP}' }

const CASES: readonly (readonly [text: string, expanded: string])[] = [
  ['plain', 'plain'],
  ['%{C}', '3'],
  ['a%{C}b%{C}', 'a3b3'],
  ['%{A}x%{B}', '123x23'],
  ['%{EMPTY}', ''],
  ['%{NOSUCH}', '%{NOSUCH}'],
  ['%{ C }', '%{ C }'],
  ['%{}', '%{}'],
  ['%{C', '%{C'],
  ['%{LOOP}', 'xy%{LOOP}'],
]
for (const [text, expanded] of CASES) {
  test(`${text} becomes ${expanded === '' ? 'nothing' : expanded}`, t => t.is(expandEnv(text, env), expanded))
}

test('a value is taken literally, dollar signs included', t => {
  t.is(expandEnv('a%{V}b', { V: '$1$&' }), 'a$1$&b')
})
