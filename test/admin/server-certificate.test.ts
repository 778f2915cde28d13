import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { ConnectionOptions, SecureContextOptions } from 'node:tls'
import tls from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { Listener } from '../../lib/admin/listener.ts'
import { ServerCertificate, type ServerTls } from '../../lib/admin/server-certificate.ts'
import { makeDirectory } from '../support/agent-process.ts'

const fixture = (name: string) => join(import.meta.dirname, '../shared/fixtures', name)
const CA = readFileSync(fixture('ca.pem'))
const SERVER: ServerTls = {
  certFile: fixture('server.pem'),
  keyFile: fixture('server-key.pem'),
  minVersion: 'TLSv1.2',
  ciphers: undefined,
}

async function open(t: ExecutionContext, serverTls: Partial<ServerTls> = {}): Promise<Listener> {
  const options = { ipv6: false, idleTimeoutMs: 60_000, connTimeoutMs: 0, keepAlive: true, onProblem: () => {} }
  const spec = { address: '127.0.0.1:0', tls: { ...SERVER, ...serverTls } }
  const listener = await Listener.open(spec, options, (_, response) => response.end('hello'))
  t.teardown(() => listener.close(0))
  return listener
}

/** What a client and the server agree on; rejects if they do not. */
async function agreed(t: ExecutionContext, listener: Listener, options: ConnectionOptions = {}) {
  const socket = tls.connect({ host: '127.0.0.1', port: listener.port, ca: CA, ...options })
  t.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return { version: socket.getProtocol(), cipher: socket.getCipher().name }
}

test('requests are answered over TLS', async t => {
  const listener = await open(t)
  const asked = request({ host: '127.0.0.1', port: listener.port, ca: CA, agent: false }).end()
  const [response] = await once(asked, 'response')
  t.is(Buffer.concat(await response.toArray()).toString(), 'hello')
  t.is(listener.counts().accepted, 1)
  t.true(listener.counts().readBytes > 100)
})

test('older versions than the least are refused', async t => {
  const usual = await open(t)
  t.is((await agreed(t, usual)).version, 'TLSv1.3')
  t.is((await agreed(t, usual, { maxVersion: 'TLSv1.2' })).version, 'TLSv1.2')
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
  await t.throwsAsync(agreed(t, usual, old))
  t.is(usual.counts().handshakesFailed, 1)
  const strict = await open(t, { minVersion: 'TLSv1.3' })
  await t.throwsAsync(agreed(t, strict, { maxVersion: 'TLSv1.2' }))
  const lenient = await open(t, { minVersion: 'TLSv1.1' })
  t.is((await agreed(t, lenient, old)).version, 'TLSv1.1')
})

test('only the cipher suites that are wanted are taken', async t => {
  const ciphers = 'TLS_AES_256_GCM_SHA384:ECDHE-ECDSA-AES128-GCM-SHA256'
  const listener = await open(t, { ciphers })
  t.is((await agreed(t, listener)).cipher, 'TLS_AES_256_GCM_SHA384')
  t.is((await agreed(t, listener, { maxVersion: 'TLSv1.2' })).cipher, 'ECDHE-ECDSA-AES128-GCM-SHA256')
  await t.throwsAsync(agreed(t, listener, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }))
})

test('files that are no certificate with its key keep the server from starting', async t => {
  const directory = await makeDirectory(t)
  writeFileSync(join(directory, 'nonsense.pem'), 'nonsense')
  for (const files of [
    { certFile: join(directory, 'missing.pem') },
    { certFile: join(directory, 'nonsense.pem') },
    { keyFile: fixture('client-key.pem') },
  ]) {
    await t.throwsAsync(open(t, files), { code: 'FLAG_INVALID', message: /^cannot listen on -httpListenAddr="127/ })
  }
})

test('a renewed certificate is taken over, once both files fit; else the one before stays', async t => {
  const directory = await makeDirectory(t)
  const certFile = join(directory, 'cert.pem')
  const keyFile = join(directory, 'key.pem')
  const put = (name: 'server' | 'client', file: 'cert' | 'key') => {
    if (file === 'cert') copyFileSync(fixture(`${name}.pem`), certFile)
    else copyFileSync(fixture(`${name}-key.pem`), keyFile)
  }
  put('server', 'cert')
  put('server', 'key')
  let nowMs = 0
  const problems: string[] = []
  const certificate = new ServerCertificate(
    { ...SERVER, certFile, keyFile },
    text => problems.push(text),
    () => nowMs,
  )
  const taken: (string | Buffer | undefined)[] = []
  const server = { setSecureContext: ({ cert }: SecureContextOptions) => taken.push(cert as string) }
  const refreshLater = () => {
    nowMs += 1000
    certificate.refresh(server)
  }
  certificate.options()
  refreshLater()
  put('client', 'cert')
  certificate.refresh(server)
  t.deepEqual([taken, problems], [[], []], 'files are looked at once a second')
  refreshLater()
  refreshLater()
  t.is(problems.length, 1, 'one of two new files is told once')
  t.regex(problems[0]!, /cert\.pem and .*key\.pem cannot be used, those before them stay: /)
  put('client', 'key')
  refreshLater()
  refreshLater()
  t.deepEqual(taken, [readFileSync(fixture('client.pem'), 'utf8').trimEnd()])
  t.is(problems.length, 1)
})
