// What the tests of fetching share: local servers, and a client whose end of a fetch can be awaited.
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createNetServer } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import type { FetchOwner } from '../../lib/shard/fetch.ts'
import { TargetClient } from '../../lib/shard/fetch.ts'
import { FetchJob } from '../../lib/shard/fetch-job.ts'
import type { PenstockError } from '../../shared/errors.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'

/** Plain connections and those over TLS are different code. */
export type Scheme = 'http' | 'https'

const pem = (name: string) => readFileSync(join(import.meta.dirname, '../shared/fixtures', name), 'utf8')
/** For metrics.test and 127.0.0.1, by an authority that nobody knows. */
export const CERTIFICATE = { key: pem('server-key.pem'), cert: pem('server.pem') }

/** The connections under TLS, which alone can be reset. */
const tcpSockets = new WeakMap<Socket, Socket>()

/** Declares a test of what holds for either transport. */
export function testBoth(title: string, run: (t: ExecutionContext, scheme: Scheme) => Promise<void>): void {
  for (const scheme of ['http', 'https'] as const) test(`${scheme}: ${title}`, t => run(t, scheme))
}

async function listen(t: ExecutionContext, server: Server, scheme: Scheme, host: string): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
}

/** An HTTP server; gives its origin. */
export function serve(
  t: ExecutionContext,
  handle: RequestListener,
  scheme: Scheme = 'http',
  host = '127.0.0.1',
): Promise<string> {
  const server = scheme === 'http' ? createServer(handle) : createTlsServer(CERTIFICATE, handle)
  return listen(t, server, scheme, host)
}

/** A server that answers each request it gets with bytes of its own making; `turn` counts the requests from 0. */
export function serveRaw(
  t: ExecutionContext,
  answer: (socket: Socket, turn: number) => void,
  scheme: Scheme = 'http',
): Promise<string> {
  let turn = 0
  const server = createNetServer(tcpSocket => {
    const socket = scheme === 'http' ? tcpSocket : new TLSSocket(tcpSocket, { isServer: true, ...CERTIFICATE })
    tcpSockets.set(socket, tcpSocket)
    socket.on('data', () => answer(socket, turn++))
    socket.on('error', () => {})
    tcpSocket.on('error', () => {})
  })
  return listen(t, server, scheme, '127.0.0.1')
}

/** Ends a connection with RST. */
export function reset(socket: Socket): void {
  tcpSockets.get(socket)!.resetAndDestroy()
}

/** Resolves when a socket is closed, by an error or not. */
export function closeOf(socket: Socket): Promise<void> {
  return new Promise(resolve => socket.on('error', () => {}).on('close', () => resolve()))
}

/** One client with an owner that keeps account. */
export class Fetching implements FetchOwner {
  readonly client: TargetClient
  /** As told by `bodyBytesChanged`. */
  bodyBytes = 0
  ends = 0
  #resolve: ((outcome: PenstockError | undefined) => void) | undefined

  constructor(url: string, target: Partial<TargetSpec>, job: Partial<JobSpec>) {
    this.client = new TargetClient({ ...TARGET, url, ...target }, new FetchJob({ ...JOB, ...job }), this)
  }

  /** The body, or the error that the fetch ends with. */
  async attempt(): Promise<Buffer | PenstockError> {
    const outcome = new Promise<PenstockError | undefined>(resolve => {
      this.#resolve = resolve
    })
    this.client.start()
    return (await outcome) ?? Buffer.concat(this.client.chunks)
  }

  /** The body as text. */
  async text(): Promise<string> {
    const outcome = await this.attempt()
    if (outcome instanceof Error) throw outcome
    return outcome.toString()
  }

  fetched(): void {
    this.#end(undefined)
  }

  failed(_client: TargetClient, error: PenstockError): void {
    this.#end(error)
  }

  bodyBytesChanged(delta: number): void {
    this.bodyBytes += delta
  }

  #end(outcome: PenstockError | undefined): void {
    this.ends++
    this.#resolve?.(outcome)
    this.#resolve = undefined
  }
}

export function fetching(
  t: ExecutionContext,
  url: string,
  target: Partial<TargetSpec> = {},
  job: Partial<JobSpec> = {},
): Fetching {
  const fetching = new Fetching(url, target, job)
  t.teardown(() => fetching.client.close())
  return fetching
}

const TARGET: TargetSpec = {
  id: '0123456789abcdef',
  jobKey: 'job',
  url: '',
  labels: [],
  intervalMs: 60_000,
  timeoutMs: 30_000,
  offsetMs: 0,
  maxBodyBytes: 16 * 1024 * 1024,
  sampleLimit: 0,
  labelLimit: 0,
  seriesLimit: 0,
}

export const JOB: JobSpec = {
  key: 'job',
  jobName: 'job',
  http: { headers: [], tls: { insecureSkipVerify: true } },
  externalLabels: [],
  metricRelabelRules: [],
  honorLabels: false,
  honorTimestamps: true,
  disableCompression: false,
  disableKeepAlive: false,
  followRedirects: true,
  noStaleMarkers: false,
}
