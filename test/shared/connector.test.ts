import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { Client } from 'undici'
import { connector } from '../../shared/connector.ts'
import type { TlsSpec } from '../../shared/http-spec.ts'
import { SecretUnreadable } from '../../shared/secret.ts'

const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name)
const pem = (name: string) => ({ value: readFileSync(fixture(name), 'utf8') })
const CA = pem('ca.pem')

type Seen = { clientName: string | undefined; serverName: string | false | null }

/** An HTTPS server whose certificate is for metrics.test and 127.0.0.1; answers with what it knows of the client. */
async function serve(t: ExecutionContext, options: { maxVersion?: 'TLSv1.2' } = {}): Promise<string> {
  const tls = { key: pem('server-key.pem').value, cert: pem('server.pem').value, ca: CA.value }
  const server = createServer(
    { ...tls, requestCert: true, rejectUnauthorized: false, ...options },
    (request, response) => {
      const socket = request.socket as TLSSocket & { servername: string | false | null }
      const clientName = socket.authorized ? (socket.getPeerCertificate().subject.CN as string) : undefined
      response.end(JSON.stringify({ clientName, serverName: socket.servername } satisfies Seen))
    },
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function connect(t: ExecutionContext, origin: string, spec: TlsSpec | undefined): Client {
  const client = new Client(origin, { connect: connector({ tls: spec, timeoutMs: 10_000 }) })
  t.teardown(() => client.destroy())
  return client
}

/** Each request has a connection of its own. */
async function get<T = Seen>(client: Client): Promise<T> {
  const { body } = await client.request({ method: 'GET', path: '/', reset: true })
  return (await body.json()) as T
}

test('a server is verified against the given authority', async t => {
  const origin = await serve(t)
  t.deepEqual(await get(connect(t, origin, { ca: CA, insecureSkipVerify: false })), { serverName: false })
})

test('a server that no known authority vouches for is refused', async t => {
  const origin = await serve(t)
  for (const spec of [undefined, { insecureSkipVerify: false }]) {
    await t.throwsAsync(get(connect(t, origin, spec)), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
  }
})

test('insecureSkipVerify accepts any server', async t => {
  const origin = await serve(t)
  await t.notThrowsAsync(get(connect(t, origin, { insecureSkipVerify: true })))
})

test('serverName is asked for, and is what the certificate must be for', async t => {
  const origin = await serve(t)
  const seen = await get(connect(t, origin, { ca: CA, serverName: 'metrics.test', insecureSkipVerify: false }))
  t.is(seen.serverName, 'metrics.test')
  await t.throwsAsync(get(connect(t, origin, { ca: CA, serverName: 'other.test', insecureSkipVerify: false })), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  })
})

test('the client shows its certificate', async t => {
  const origin = await serve(t)
  const spec = { ca: CA, cert: pem('client.pem'), key: pem('client-key.pem'), insecureSkipVerify: false }
  t.is((await get(connect(t, origin, spec))).clientName, 'client')
})

test('a server that speaks only older versions than minVersion is refused', async t => {
  const origin = await serve(t, { maxVersion: 'TLSv1.2' })
  await t.notThrowsAsync(get(connect(t, origin, { ca: CA, insecureSkipVerify: false, minVersion: 'TLSv1.2' })))
  await t.throwsAsync(get(connect(t, origin, { ca: CA, insecureSkipVerify: false, minVersion: 'TLSv1.3' })))
})

test('certificate files are read when a connection opens', async t => {
  const origin = await serve(t)
  const folder = mkdtempSync(join(tmpdir(), 'penstock-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const ca = { file: join(folder, 'ca.pem') }
  const client = connect(t, origin, { ca, insecureSkipVerify: false })

  await t.throwsAsync(get(client), { instanceOf: SecretUnreadable })
  copyFileSync(fixture('client.pem'), ca.file)
  await t.throwsAsync(get(client), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })
  copyFileSync(fixture('ca.pem'), ca.file)
  // The file is looked at once a second: as many attempts as that may take.
  for (;;) {
    try {
      await get(client)
      break
    } catch (error) {
      t.is((error as NodeJS.ErrnoException).code, 'SELF_SIGNED_CERT_IN_CHAIN')
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
})

test('a key that does not fit its certificate fails the connection', async t => {
  const origin = await serve(t)
  const spec = { ca: CA, cert: pem('client.pem'), key: pem('server-key.pem'), insecureSkipVerify: false }
  await t.throwsAsync(get(connect(t, origin, spec)), { code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' })
})

test('plain connections do not touch certificate files', async t => {
  const spec = { ca: { file: '/nonexistent/ca.pem' }, insecureSkipVerify: false }
  await t.throwsAsync(get(connect(t, 'http://127.0.0.1:1', spec)), { code: 'ECONNREFUSED' })
})

test('a server that would rather speak HTTP/2 is spoken to in HTTP/1.1', async t => {
  const tls = { key: pem('server-key.pem').value, cert: pem('server.pem').value }
  const server = createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
    response.end(JSON.stringify(request.httpVersion))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const client = connect(t, `https://127.0.0.1:${port}`, { ca: CA, insecureSkipVerify: false })
  t.is(await get<string>(client), '1.1')
})
