import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type Credentials, Gate } from '../../lib/admin/access.ts'

const nobody: Credentials = { authKey: '', authorization: '' }
const basic = (text: string): Credentials => ({ ...nobody, authorization: `Basic ${btoa(text)}` })

test('without flags everything is allowed', t => {
  const gate = new Gate({ authKeys: {} })
  for (const access of ['open', 'basic', 'metrics', 'reload', 'flags', 'config'] as const) {
    t.is(gate.refusal(access, nobody), undefined)
  }
})

test('a key opens its own door only, and a missing key is told apart from a wrong one', t => {
  const gate = new Gate({ authKeys: { reload: { value: 'rk' }, flags: { value: 'fk' } } })
  t.is(gate.refusal('reload', { ...nobody, authKey: 'rk' }), undefined)
  t.is(gate.refusal('reload', { ...nobody, authKey: 'fk' })!.reason, 'wrong_auth_key')
  t.true(gate.refusal('reload', nobody)!.message.includes('-reloadAuthKey is set'))
  t.is(gate.refusal('metrics', nobody), undefined)
})

test('a key that is set stands in for user and password', t => {
  const gate = new Gate({
    authKeys: { metrics: { value: 'mk' } },
    basicAuth: { username: 'me', password: { value: 'secret' } },
  })
  t.is(gate.refusal('metrics', { ...nobody, authKey: 'mk' }), undefined)
  t.is(gate.refusal('metrics', basic('me:secret'))!.reason, 'wrong_auth_key')
  t.is(gate.refusal('basic', basic('me:secret')), undefined)
  t.is(gate.refusal('config', basic('me:secret')), undefined, 'a key that is not set leaves it to user and password')
})

test('user and password must both be right', t => {
  const gate = new Gate({ authKeys: {}, basicAuth: { username: 'me', password: { value: 's:e' } } })
  t.is(gate.refusal('basic', basic('me:s:e')), undefined)
  t.is(gate.refusal('basic', { ...nobody, authorization: `basic ${btoa('me:s:e')}` }), undefined)
  for (const wrong of [
    nobody,
    basic('me:'),
    basic(':s:e'),
    basic('me:s:e '),
    basic('me'),
    { ...nobody, authorization: 'Bearer x' },
  ]) {
    t.true(gate.refusal('basic', wrong)!.challenge)
  }
  t.is(gate.refusal('open', nobody), undefined)
})

test('a key in a file is read from there, and an empty file opens nothing', t => {
  const directory = mkdtempSync(join(tmpdir(), 'penstock-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'key'), 'from file\n')
  writeFileSync(join(directory, 'empty'), '\n')
  const gate = new Gate({
    authKeys: { config: { file: join(directory, 'key') }, flags: { file: join(directory, 'empty') } },
  })
  t.is(gate.refusal('config', { ...nobody, authKey: 'from file' }), undefined)
  t.not(gate.refusal('flags', nobody), undefined)
  const absent = new Gate({ authKeys: { config: { file: join(directory, 'absent') } } })
  t.throws(() => absent.refusal('config', nobody), { code: 'CONFIG_INVALID' })
})
