import { readFileSync } from 'node:fs'
import test from 'ava'
import { VERSION, versionText } from '../../lib/cli/version.ts'

test('the version is that of the package', t => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  t.is(VERSION, version)
  t.is(versionText(), `penstock-${version}`)
})
