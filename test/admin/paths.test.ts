import test from 'ava'
import { collapseSlashes, rootOf } from '../../lib/admin/paths.ts'
import { ROUTES } from '../../lib/admin/routes.ts'

for (const [url, prefix, collapsed] of [
  ['/targets', '', '/targets'],
  ['//targets', '', '/targets'],
  ['/api///v1//targets?a=//b', '', '/api/v1/targets?a=//b'],
  ['/prometheus//targets', '', '/prometheus/targets'],
  ['//health', '', '//health'],
  ['//metrics?authKey=x', '', '//metrics?authKey=x'],
  ['/targets//', '', '/targets/'],
  ['/pre/fix//targets', '/pre/fix', '/pre/fix/targets'],
  ['/pre//fix/targets', '/pre/fix', '/pre//fix/targets'],
  ['//pre/fix/targets', '/pre/fix', '//pre/fix/targets'],
] as const) {
  test(`${url} is taken for ${collapsed}${prefix && ` below ${prefix}`}`, t => {
    t.is(collapseSlashes(url, prefix, ROUTES), collapsed)
  })
}

for (const [path, prefix, root] of [
  ['/', '', './'],
  ['/targets', '', './'],
  ['/prometheus/targets', '', '../'],
  ['/pre/fix/targets', '/pre/fix', './'],
  ['/pre/fix/prometheus/targets', '/pre/fix', '../'],
] as const) {
  test(`links on ${path}${prefix && ` below ${prefix}`} begin with ${root}`, t => {
    t.is(rootOf(path, prefix), root)
  })
}
