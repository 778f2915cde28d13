import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { SecretReader, SecretUnreadable } from '../../shared/secret.ts'
import { serve } from '../support/fetching.ts'

function temporaryFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-secret-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'secret')
}

/** A clock that is moved by hand. */
function clock() {
  let nowMs = 0
  return {
    nowMs: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms
    },
  }
}

test('a secret in place is given as it is, white space included', t => {
  const secret = new SecretReader({ value: ' word\n' })
  t.is(secret.read(), ' word\n')
  t.is(secret.read(), ' word\n')
})

test('the trailing white space of a file is not part of the secret, the rest is', t => {
  const file = temporaryFile(t)
  writeFileSync(file, '  filed user \r\n\n')
  t.is(new SecretReader({ file }).read(), '  filed user')
})

test('a file is looked at once a second, and its new content holds from then on', t => {
  const file = temporaryFile(t)
  const time = clock()
  const secret = new SecretReader({ file }, undefined, time.nowMs)
  writeFileSync(file, 'one')
  t.is(secret.read(), 'one')
  writeFileSync(file, 'second')
  time.advance(999)
  t.is(secret.read(), 'one')
  time.advance(1)
  t.is(secret.read(), 'second')
})

test('a replaced file is noticed although size and name are the same, behind a link too', t => {
  const file = temporaryFile(t)
  const time = clock()
  writeFileSync(`${file}-a`, 'aaaa')
  writeFileSync(`${file}-b`, 'bbbb')
  symlinkSync(`${file}-a`, file)
  const secret = new SecretReader({ file }, undefined, time.nowMs)
  t.is(secret.read(), 'aaaa')
  symlinkSync(`${file}-b`, `${file}-new`)
  renameSync(`${file}-new`, file)
  time.advance(1000)
  t.is(secret.read(), 'bbbb')
})

test('a file that cannot be read at first is an error, and works as soon as it is there', t => {
  const file = temporaryFile(t)
  const secret = new SecretReader({ file })
  for (let attempt = 0; attempt < 2; attempt++) {
    const error = t.throws(() => secret.read(), { instanceOf: SecretUnreadable })
    t.is(error.code, 'CONFIG_INVALID')
    t.true(error.retryable)
    t.true(error.message.includes(file))
    t.is((error.cause as NodeJS.ErrnoException).code, 'ENOENT')
  }
  writeFileSync(file, 'here')
  t.is(secret.read(), 'here')
})

test('a file that disappears leaves its last content in force until it is back', t => {
  const file = temporaryFile(t)
  const time = clock()
  const secret = new SecretReader({ file }, undefined, time.nowMs)
  writeFileSync(file, 'old')
  t.is(secret.read(), 'old')
  unlinkSync(file)
  time.advance(1000)
  t.is(secret.read(), 'old')
  writeFileSync(file, 'new')
  time.advance(1000)
  t.is(secret.read(), 'new')
})

test('an empty file is an empty secret', t => {
  const file = temporaryFile(t)
  writeFileSync(file, '\n')
  t.is(new SecretReader({ file }).read(), '')
})

test('a secret at a URL is fetched before it is read, and again now and then', async t => {
  let text = ' first \n'
  let requests = 0
  const url = await serve(t, (_, response) => {
    requests++
    response.end(text)
  })
  const time = clock()
  const secret = new SecretReader({ url }, undefined, time.nowMs)
  t.throws(() => secret.read(), { instanceOf: SecretUnreadable })
  await Promise.all([secret.ready(), secret.ready()])
  t.is(secret.read(), ' first')
  t.is(requests, 1)

  text = 'second'
  time.advance(9_999)
  t.is(secret.ready(), undefined)
  t.is(requests, 1)
  time.advance(1)
  t.is(secret.ready(), undefined, 'nobody waits for it')
  t.is(secret.read(), ' first')
  while (secret.read() === ' first') await new Promise(resolve => setTimeout(resolve, 5))
  t.is(secret.read(), 'second')
  t.is(requests, 2)
})

test('a URL that fails is asked once a second at most; what it gave before holds', async t => {
  let status = 503
  let requests = 0
  const url = await serve(t, (_, response) => {
    requests++
    response.writeHead(status).end('word')
  })
  const time = clock()
  const secret = new SecretReader({ url }, undefined, time.nowMs)
  for (let i = 0; i < 3; i++) {
    const error = await t.throwsAsync(secret.ready()!, { instanceOf: SecretUnreadable })
    t.true(error.message.includes(url) && error.message.includes('503'))
  }
  t.is(requests, 1)
  status = 200
  time.advance(1000)
  await secret.ready()
  status = 500
  time.advance(60_000)
  t.is(secret.ready(), undefined)
  while (requests < 3) await new Promise(resolve => setTimeout(resolve, 5))
  t.is(secret.read(), 'word')
})

test('a URL that answers with too much is unreadable', async t => {
  const url = await serve(t, (_, response) => response.end(Buffer.alloc((1 << 20) + 1, 'x')))
  await t.throwsAsync(new SecretReader({ url }).ready()!, { message: /more than 1048576 bytes/ })
})

test('a URL where nobody listens is unreadable, for a reason', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const secret = new SecretReader({ url: `http://127.0.0.1:${port}/` })
  await t.throwsAsync(secret.ready()!, { message: /fetch failed: .*ECONNREFUSED/ })
})
