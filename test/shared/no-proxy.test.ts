import test from 'ava'
import { compileNoProxy } from '../../shared/no-proxy.ts'

/** A list, and hosts that it names and does not name. */
const LISTS: readonly (readonly [list: string, without: readonly string[], through: readonly string[]])[] = [
  ['', [], ['http://localhost', 'http://127.0.0.1', 'http://a.test']],
  ['*', ['http://a.test', 'http://192.0.2.1:99'], []],
  [
    'other.test',
    ['http://localhost:9100', 'http://127.8.9.1', 'http://[::1]:9100'],
    ['http://192.0.2.1', 'http://[::2]'],
  ],
  [
    'a.test',
    ['http://a.test', 'https://b.a.test', 'http://A.TEST:99', 'http://a.test./x'],
    ['http://ba.test', 'http://test'],
  ],
  ['.a.test', ['http://b.a.test', 'http://c.b.a.test'], ['http://a.test']],
  ['*.a.test', ['http://b.a.test'], ['http://a.test', 'http://xa.test']],
  ['a.test:8080', ['http://a.test:8080', 'http://b.a.test:8080'], ['http://a.test', 'https://a.test']],
  ['a.test:443', ['https://a.test'], ['http://a.test']],
  ['192.0.2.0/25', ['http://192.0.2.127'], ['http://192.0.2.128', 'http://a.test']],
  ['192.0.2.1', ['http://192.0.2.1:99'], ['http://192.0.2.2']],
  ['192.0.2.1:99', ['http://192.0.2.1:99'], ['http://192.0.2.1']],
  ['2001:db8::/32', ['http://[2001:db8::7]:1'], ['http://[2001:db9::7]', 'http://192.0.2.1']],
  ['[2001:db8::7]:80', ['http://[2001:db8::7]'], ['http://[2001:db8::7]:81']],
  ['2001:db8::7', ['http://[2001:db8::7]:5'], ['http://[2001:db8::8]']],
  ['192.0.2.0/99, , B.test ,', ['http://b.test'], ['http://192.0.2.1']],
]

for (const [list, without, through] of LISTS) {
  test(`no_proxy: ${JSON.stringify(list)}`, t => {
    const isExempt = compileNoProxy(list)
    for (const url of without) t.true(isExempt(new URL(url)), `${url} is asked without the proxy`)
    for (const url of through) t.false(isExempt(new URL(url)), `${url} is asked through the proxy`)
  })
}
