import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, gzipSync } from 'node:zlib'
import { renderExposition } from '../admin/exposition.ts'
import type { Workload } from './workloads.ts'

/** A scrape target on a loopback port. Owns its port until `close`. */
export class Exporter {
  readonly job: string
  readonly #workload: Workload
  readonly #server: Server
  readonly #startedMs = performance.now()

  static async start(workload: Workload): Promise<Exporter> {
    const exporter = new Exporter(workload)
    await once(exporter.#server.listen(0, '127.0.0.1'), 'listening')
    return exporter
  }

  private constructor(workload: Workload) {
    this.job = workload.name
    this.#workload = workload
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  /** `127.0.0.1:port` */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    if (request.url !== '/metrics') return void response.writeHead(404).end()
    const seconds = (performance.now() - this.#startedMs) / 1000
    const text = renderExposition(this.#workload.families(seconds), true)
    response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
    if (!/\bgzip\b/.test(String(request.headers['accept-encoding']))) return void response.end(text)
    response.setHeader('Content-Encoding', 'gzip')
    response.end(gzipSync(text, { level: constants.Z_BEST_SPEED }))
  }
}
