// What the tests of fetching share: local servers, and a client whose end of a fetch can be awaited.
import { createServer, type RequestListener, type ServerOptions } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createNetServer } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { FetchOwner } from '../../lib/shard/fetch.ts'
import { TargetClient } from '../../lib/shard/fetch.ts'
import { FetchJob } from '../../lib/shard/fetch-job.ts'
import type { PenstockError } from '../../shared/errors.ts'
import type { JobSpec, TargetSpec } from '../../shared/target.ts'

async function listen(t: ExecutionContext, server: Server, host: string): Promise<string> {
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
  return `http://${host}:${(server.address() as AddressInfo).port}`
}

/** An HTTP server; gives its origin. */
export function serve(
  t: ExecutionContext,
  handle: RequestListener,
  options: ServerOptions = {},
  host = '127.0.0.1',
): Promise<string> {
  return listen(t, createServer(options, handle), host)
}

/** A server that answers each request it gets with bytes of its own making; `turn` counts the requests from 0. */
export function serveRaw(t: ExecutionContext, answer: (socket: Socket, turn: number) => void): Promise<string> {
  let turn = 0
  const server = createNetServer(socket => {
    socket.on('data', () => answer(socket, turn++))
    socket.on('error', () => {})
  })
  return listen(t, server, '127.0.0.1')
}

/** Ends a connection with RST. */
export function reset(socket: Socket): void {
  socket.resetAndDestroy()
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
  http: { headers: [] },
  externalLabels: [],
  metricRelabelRules: [],
  honorLabels: false,
  honorTimestamps: true,
  disableCompression: false,
  disableKeepAlive: false,
  followRedirects: true,
  noStaleMarkers: false,
  streamParse: false,
}
