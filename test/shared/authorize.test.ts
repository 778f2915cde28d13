import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Authorizer } from '../../shared/authorize.ts'
import { SecretUnreadable } from '../../shared/secret.ts'

test('basic authentication encodes user and password as UTF-8', t => {
  const basic = new Authorizer({ type: 'basic', username: { value: 'user' }, password: { value: 'pa:ss' } })
  t.is(basic.header(), 'Basic dXNlcjpwYTpzcw==')
  const foreign = new Authorizer({ type: 'basic', username: { value: 'Ünal' }, password: { value: '€' } })
  t.is(foreign.header(), `Basic ${Buffer.from('Ünal:€').toString('base64')}`)
})

test('other schemes come before their credentials', t => {
  t.is(
    new Authorizer({ type: 'authorization', scheme: 'Bearer', credentials: { value: 'tok-123' } }).header(),
    'Bearer tok-123',
  )
})

test('a file that changes changes the header, user and password alike', t => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-authorize-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const username = { file: join(folder, 'user') }
  const password = { file: join(folder, 'password') }
  let nowMs = 0
  const authorizer = new Authorizer({ type: 'basic', username, password }, undefined, () => nowMs)
  const expected = (user: string, word: string) => `Basic ${Buffer.from(`${user}:${word}`).toString('base64')}`

  writeFileSync(username.file, 'ann\n')
  t.throws(() => authorizer.header(), { instanceOf: SecretUnreadable })
  writeFileSync(password.file, 'first\n')
  t.is(authorizer.header(), expected('ann', 'first'))
  writeFileSync(password.file, 'another\n')
  nowMs += 1000
  t.is(authorizer.header(), expected('ann', 'another'))
  writeFileSync(username.file, 'barbara\n')
  nowMs += 1000
  t.is(authorizer.header(), expected('barbara', 'another'))
})
