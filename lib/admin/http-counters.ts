import type { MetricFamily } from './exposition.ts'

export type HttpErrorReason = 'unsupported' | 'wrong_auth_key' | 'wrong_basic_auth'

/** What one listening address carried. */
export type ListenerCounts = {
  readonly address: string
  readonly connections: number
  readonly accepted: number
  /** Connections over the limit. */
  readonly refused: number
  /** Connections that never came to TLS. */
  readonly handshakesFailed: number
  /** Connections closed because of their age (`-http.connTimeout`). */
  readonly timedOut: number
  readonly readBytes: number
  readonly writtenBytes: number
}

/** Where clients push to, by the name that vmagent counts it under. */
export type PushPath = { readonly path: string; readonly protocol: string }

/** Counts requests by the paths of the route table, which are few; other paths share the count of errors. */
export class HttpCounters {
  #requests = 0
  readonly #byPath: Map<string, number>
  readonly #pushes: ReadonlyMap<PushPath, { requests: number; errors: number }>
  readonly #errors: Record<HttpErrorReason, number> = { unsupported: 0, wrong_auth_key: 0, wrong_basic_auth: 0 }

  /** @param paths without `-http.pathPrefix` */
  constructor(paths: readonly string[], pushPaths: readonly PushPath[]) {
    this.#byPath = new Map(paths.map(path => [path, 0]))
    this.#pushes = new Map(pushPaths.map(push => [push, { requests: 0, errors: 0 }]))
  }

  countRequest(): void {
    this.#requests += 1
  }

  /** @param path one of those given to the constructor */
  countPath(path: string): void {
    this.#byPath.set(path, this.#byPath.get(path)! + 1)
  }

  /** @param push one of those given to the constructor */
  countPush(push: PushPath): void {
    this.#pushes.get(push)!.requests += 1
  }

  /** @param push one of those given to the constructor */
  countPushError(push: PushPath): void {
    this.#pushes.get(push)!.errors += 1
  }

  countError(reason: HttpErrorReason): void {
    this.#errors[reason] += 1
  }

  families(listeners: readonly ListenerCounts[]): MetricFamily[] {
    const paths = [...this.#byPath].map(([path, value]) => ({ labels: { path }, value }))
    // vmagent counts /metrics in its server and everything else in the program.
    const server = paths.filter(({ labels }) => labels.path === '/metrics')
    const program = paths.filter(({ labels }) => labels.path !== '/metrics')
    const pushes = (count: 'requests' | 'errors') =>
      [...this.#pushes].map(([{ path, protocol }, counts]) => ({ labels: { path, protocol }, value: counts[count] }))
    const perListener = (
      name: string,
      type: 'counter' | 'gauge',
      help: string,
      key: Exclude<keyof ListenerCounts, 'address'>,
    ) => ({
      name,
      type,
      help,
      samples: listeners.map(counts => ({ labels: { name: 'http', addr: counts.address }, value: counts[key] })),
    })
    return [
      {
        name: 'vm_http_requests_all_total',
        type: 'counter',
        help: 'HTTP requests to any path.',
        samples: [{ value: this.#requests }],
      },
      { name: 'vm_http_requests_total', type: 'counter', help: 'HTTP requests by path.', samples: server },
      {
        name: 'vmagent_http_requests_total',
        type: 'counter',
        help: 'HTTP requests by path.',
        samples: [...program, ...pushes('requests')],
      },
      {
        name: 'vmagent_http_request_errors_total',
        type: 'counter',
        help: 'HTTP requests that push and were not taken to their end.',
        samples: pushes('errors'),
      },
      {
        name: 'vm_http_request_errors_total',
        type: 'counter',
        help: 'HTTP requests that were refused, by reason.',
        samples: Object.entries(this.#errors).map(([reason, value]) => ({ labels: { path: '*', reason }, value })),
      },
      perListener('vm_tcplistener_accepts_total', 'counter', 'Connections accepted.', 'accepted'),
      {
        name: 'vm_tcplistener_errors_total',
        type: 'counter',
        help: 'Connections refused because there are too many, and failed TLS handshakes.',
        samples: listeners.flatMap(({ address: addr, refused, handshakesFailed }) => [
          { labels: { name: 'http', addr, type: 'accept' }, value: refused },
          { labels: { name: 'http', addr, type: 'handshake' }, value: handshakesFailed },
        ]),
      },
      {
        name: 'vm_http_conn_timeout_closed_conns_total',
        type: 'counter',
        help: 'Connections closed after -http.connTimeout.',
        samples: [{ value: listeners.reduce((sum, { timedOut }) => sum + timedOut, 0) }],
      },
      perListener('vm_tcplistener_conns', 'gauge', 'Open connections.', 'connections'),
      perListener('vm_tcplistener_read_bytes_total', 'counter', 'Bytes read from connections.', 'readBytes'),
      perListener('vm_tcplistener_written_bytes_total', 'counter', 'Bytes written to connections.', 'writtenBytes'),
    ]
  }
}
