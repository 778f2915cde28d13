import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BodyInvalid } from '../../shared/body-invalid.ts'
import { decodeSnappy } from '../../shared/snappy.ts'
import { RecentSeries } from './recent-series.ts'
import { type WatchedSample, Watches } from './watch.ts'
import { identityOf, labelsOf, seriesOf, type WrittenSeries } from './write-request.ts'

/** What remote write senders may send in one request. */
const BODY_BYTES_MAX = 8 * 1024 * 1024
const DECODED_BYTES_MAX = 64 * 1024 * 1024

/** What came so far. */
export type Received = {
  readonly requests: number
  readonly bodyBytes: number
  /** Stale markers included. */
  readonly samples: number
  readonly staleMarkers: number
  /** Requests that could not be read to their end. */
  readonly refused: number
}

/**
 * A remote write 1.0 receiver on a loopback port that counts what comes and keeps nothing of it but the latest sample
 * of a few metrics. Owns its port until `close`.
 */
export class Receiver {
  readonly #server: Server
  readonly #watches: Watches
  readonly #recent = new RecentSeries(() => performance.now())
  readonly #received = { requests: 0, bodyBytes: 0, samples: 0, staleMarkers: 0, refused: 0 }

  /** @param metrics names of the metrics of which one series each is kept for `watched` */
  static async start(metrics: readonly string[]): Promise<Receiver> {
    const receiver = new Receiver(metrics)
    await once(receiver.#server.listen(0, '127.0.0.1'), 'listening')
    return receiver
  }

  private constructor(metrics: readonly string[]) {
    this.#watches = new Watches(metrics)
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v1/write`
  }

  received(): Received {
    return { ...this.#received }
  }

  /** Series that came in the last 5 to 10 seconds and did not end, up to a limit. */
  recentSeries(): number {
    return this.#recent.count()
  }

  watched(): readonly WatchedSample[] {
    return this.#watches.samples()
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // 415 is what makes a sender of zstd fall back to snappy.
      if (request.headers['content-encoding'] !== 'snappy') return refuse(request, response, 415, 'send snappy')
      this.#take(await readBody(request))
      response.writeHead(204).end()
    } catch (error) {
      this.#received.refused += 1
      // Any other error is that of a broken connection: there is nobody left to answer to.
      if (error instanceof BodyInvalid) refuse(request, response, 400, error.message)
    }
  }

  #take(body: Buffer): void {
    for (const series of seriesOf(decodeSnappy(body, DECODED_BYTES_MAX))) this.#takeSeries(series)
    this.#received.requests += 1
    this.#received.bodyBytes += body.length
  }

  #takeSeries(series: WrittenSeries): void {
    const identity = identityOf(series)
    for (const { value, isStaleMarker } of series.samples) {
      this.#received.samples += 1
      if (isStaleMarker) {
        this.#received.staleMarkers += 1
        this.#recent.end(identity)
        this.#watches.end(identity)
      } else {
        this.#recent.see(identity)
        this.#watches.see(identity, value, () => labelsOf(series))
      }
    }
  }
}

/** @throws {BodyInvalid} longer than allowed; the rest is not read */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new BodyInvalid(`a body of more than ${BODY_BYTES_MAX} bytes`, bytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, reason: string): void {
  request.resume()
  response.writeHead(status, { Connection: 'close' }).end(`${reason}\n`)
}
