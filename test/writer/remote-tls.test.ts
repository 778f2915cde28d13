import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { Remote } from '../../lib/writer/remote.ts'
import type { HttpSpec } from '../../shared/http-spec.ts'
import { Sink } from './sink.ts'
import { destinationSpec } from './support.ts'

const fixture = (name: string) => join(import.meta.dirname, '..', 'shared', 'fixtures', name)
const pem = (name: string) => ({ value: readFileSync(fixture(name), 'utf8') })
const CA = pem('ca.pem')
const body = Buffer.alloc(300_000, 'x')

/** What a server saw of a request and the connection under it. */
type Seen = {
  readonly bodyBytes: number
  readonly clientName: string | undefined
  readonly serverName: string | false | null
  readonly port: number
}

/** An HTTPS server whose certificate is for metrics.test and 127.0.0.1. */
async function serve(t: ExecutionContext): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const tls = { key: pem('server-key.pem').value, cert: pem('server.pem').value, ca: CA.value }
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, async (request, response) => {
    const bodyBytes = Buffer.concat(await request.toArray()).length
    const socket = request.socket as TLSSocket & { servername: string | false | null }
    const clientName = socket.authorized ? (socket.getPeerCertificate().subject.CN as string) : undefined
    seen.push({ bodyBytes, clientName, serverName: socket.servername, port: socket.remotePort! })
    response.writeHead(204).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/write`, seen }
}

function remoteTo(t: ExecutionContext, url: string, http: HttpSpec): Remote {
  const remote = new Remote(destinationSpec(url, { http }))
  t.teardown(() => remote.close())
  return remote
}

test('blocks go over one kept TLS connection, with the certificate of the client', async t => {
  const { url, seen } = await serve(t)
  const tls = { ca: CA, cert: pem('client.pem'), key: pem('client-key.pem'), insecureSkipVerify: false }
  const remote = remoteTo(t, url, { headers: [], tls })
  for (let n = 0; n < 3; n++) t.like(await remote.send(0, body), { type: 'answered', status: 204 })
  t.is(new Set(seen.map(request => request.port)).size, 1)
  t.like(seen[2], { bodyBytes: body.length, clientName: 'client' })
})

test('the server is known by the name in the options or the URL, not by a Host header', async t => {
  const { url, seen } = await serve(t)
  const headers = [['Host', 'other.test']] as const
  const named = { ca: CA, serverName: 'metrics.test', insecureSkipVerify: false }
  t.like(await remoteTo(t, url, { headers, tls: named }).send(0, body), { type: 'answered' })
  t.like(await remoteTo(t, url, { headers, tls: { ca: CA, insecureSkipVerify: false } }).send(0, body), {
    type: 'answered',
  })
  t.deepEqual(
    seen.map(request => request.serverName),
    ['metrics.test', false],
  )
})

test('a server that no known authority vouches for gets nothing', async t => {
  const { url, seen } = await serve(t)
  for (const tls of [undefined, { insecureSkipVerify: false }]) {
    const outcome = await remoteTo(t, url, tls === undefined ? { headers: [] } : { headers: [], tls }).send(0, body)
    t.like(outcome, { type: 'unanswered', error: { code: 'SELF_SIGNED_CERT_IN_CHAIN' } })
  }
  t.deepEqual(seen, [])
})

test('certificates that cannot be read, or are none, are outcomes that a corrected file ends', async t => {
  const { url } = await serve(t)
  const folder = mkdtempSync(join(tmpdir(), 'penstock-remote-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const ca = { file: join(folder, 'ca.pem') }
  const remote = remoteTo(t, url, { headers: [], tls: { ca, insecureSkipVerify: false } })
  t.like(await remote.send(0, body), { type: 'unanswered', error: { name: 'SecretUnreadable' } })
  writeFileSync(ca.file, '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n')
  t.like(await remote.send(0, body), { type: 'unanswered' })
  copyFileSync(fixture('ca.pem'), ca.file)
  // The file is looked at once a second: as many attempts as that may take.
  while ((await remote.send(0, body)).type === 'unanswered') await new Promise(resolve => setTimeout(resolve, 50))
  t.pass()
})

test('the send timeout covers a server that never finishes the handshake, and it does not see the block', async t => {
  const received: Buffer[] = []
  const server = createTcpServer(socket =>
    socket.on('data', chunk => received.push(chunk as Buffer)).on('error', () => {}),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const remote = new Remote(destinationSpec(url, { sendTimeoutMs: 200 }))
  t.like(await remote.send(0, body), { type: 'unanswered', error: { name: 'SendTimeout' } })
  t.false(Buffer.concat(received).includes('xxx'))
})

test('a thread that sends over plain HTTP only loads no TLS and no other HTTP client', async t => {
  const sink = await Sink.open(t)
  const send = `
    const { Remote } = await import(${JSON.stringify(new URL('../../lib/writer/remote.ts', import.meta.url).href)})
    const { createRequire } = await import('node:module')
    const remote = new Remote(${JSON.stringify(destinationSpec(sink.url))})
    await remote.send(0, Buffer.from([0]))
    const undici = Object.keys(createRequire(${JSON.stringify(import.meta.url)}).cache).filter(name => name.includes('/undici/'))
    remote.close()
    postMessage([...undici, ...process.moduleLoadList.filter(name => /^NativeModule (http|https|tls|.*undici)$/.test(name))])`
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
    const postMessage = message => parentPort.postMessage(message)
    ;(async () => {${send}})()`,
    { eval: true },
  )
  t.teardown(() => worker.terminate())
  const loaded = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  t.deepEqual(loaded, [])
  t.is(sink.requests.length, 1)
})
