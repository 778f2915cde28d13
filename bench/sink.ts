/*
 * A remote write receiver that counts. It takes snappy and answers 415 to anything else, so that every agent sends the
 * same encoding. All samples are counted; labels are checked in every request (`--decode=full`) or in a sample of them.
 *
 *   POST /api/v1/write   204, or 400 for what cannot be decoded
 *   GET  /stats          JSON: SinkStats
 *   POST /reset          forgets all counts
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { uncompressSync } from 'snappy'
import { SeriesChecker, Tally } from './write-request.ts'

export type DecodeMode = 'sampled' | 'full'

export type SinkStats = {
  readonly requests: number
  /** Sizes of the request bodies as received, headers not included. */
  readonly wireBytes: number
  readonly rawBytes: number
  readonly series: number
  readonly samples: number
  readonly scraped: number
  readonly staleMarkers: number
  readonly metadata: number
  readonly refused: number
  readonly malformed: number
  /** Requests whose labels were checked; the numbers below are about them alone. */
  readonly checked: number
  /** Distinct series; 0 unless every request is checked. */
  readonly distinct: number
  readonly unsorted: number
  readonly repeatedNames: number
  readonly emptyLabels: number
  readonly unnamed: number
  readonly repeatedSamples: number
  readonly disorderedSamples: number
  readonly faults: number
  readonly examples: readonly string[]
}

/** The counts of several sinks in one; `examples` are those of all. */
export function sumOfSinks(stats: readonly SinkStats[]): SinkStats {
  const sum = { ...stats[0]! }
  for (const more of stats.slice(1)) {
    for (const [name, count] of Object.entries(more) as [Exclude<keyof SinkStats, 'examples'>, number][]) {
      if (typeof count === 'number') Object.assign(sum, { [name]: sum[name] + count })
    }
  }
  return { ...sum, examples: stats.flatMap(({ examples }) => examples) }
}

/** In mode `sampled`, one request in so many has its labels checked. */
const CHECK_EVERY = 32

/** Receives until it is closed. */
export class Sink {
  readonly #mode: DecodeMode
  readonly #server: Server
  #tally = new Tally()
  #checker: SeriesChecker
  #requests = 0
  #wireBytes = 0
  #rawBytes = 0
  #refused = 0
  #malformed = 0
  #checked = 0

  private constructor(mode: DecodeMode) {
    this.#mode = mode
    this.#checker = new SeriesChecker(mode === 'full')
    this.#server = createServer((request, reply) => this.#serve(request, reply))
    this.#server.keepAliveTimeout = 60_000
  }

  /** @param port 0 for any free one */
  static async start(mode: DecodeMode, port = 0): Promise<Sink> {
    const sink = new Sink(mode)
    sink.#server.listen(port, '127.0.0.1')
    await once(sink.#server, 'listening')
    return sink
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get stats(): SinkStats {
    const { series, samples, scraped, staleMarkers, metadata } = this.#tally
    const { distinct, unsorted, repeatedNames, emptyLabels, unnamed, repeatedSamples, disorderedSamples } =
      this.#checker
    return {
      requests: this.#requests,
      wireBytes: this.#wireBytes,
      rawBytes: this.#rawBytes,
      ...{ series, samples, scraped, staleMarkers, metadata },
      refused: this.#refused,
      malformed: this.#malformed,
      checked: this.#checked,
      ...{ distinct, unsorted, repeatedNames, emptyLabels, unnamed, repeatedSamples, disorderedSamples },
      faults: this.#checker.faults,
      examples: this.#checker.examples,
    }
  }

  reset(): void {
    this.#tally = new Tally()
    this.#checker = new SeriesChecker(this.#mode === 'full')
    this.#requests = this.#wireBytes = this.#rawBytes = this.#refused = this.#malformed = this.#checked = 0
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #serve(request: IncomingMessage, reply: ServerResponse): void {
    const parts: Buffer[] = []
    request.on('error', () => {})
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const path = request.url ?? ''
      if (path === '/stats') {
        reply.setHeader('Content-Type', 'application/json').end(JSON.stringify(this.stats))
      } else if (path === '/reset') {
        this.reset()
        reply.writeHead(204).end()
      } else {
        reply.writeHead(this.#take(request.headers['content-encoding'], parts)).end()
      }
    })
  }

  /** Takes one write request and gives the status to answer. */
  #take(encoding: string | undefined, parts: readonly Buffer[]): number {
    if (encoding !== 'snappy') {
      this.#refused++
      return 415
    }
    const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    // Only whole requests count: a malformed one must not leave half of its samples in the tally.
    const tally = new Tally()
    let raw: Buffer
    try {
      raw = uncompressSync(body, { asBuffer: true }) as Buffer
      tally.add(raw)
    } catch {
      this.#malformed++
      return 400
    }
    this.#count(body, raw, tally)
    return 204
  }

  #count(body: Buffer, raw: Buffer, tally: Tally): void {
    const total = this.#tally
    total.series += tally.series
    total.samples += tally.samples
    total.scraped += tally.scraped
    total.staleMarkers += tally.staleMarkers
    total.metadata += tally.metadata
    this.#wireBytes += body.length
    this.#rawBytes += raw.length
    if (this.#mode === 'full' || this.#requests % CHECK_EVERY === 0) {
      this.#checked++
      this.#checker.check(raw)
    }
    this.#requests++
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { decode: { type: 'string', default: 'sampled' }, port: { type: 'string', default: '0' } },
  })
  if (values.decode !== 'sampled' && values.decode !== 'full') {
    throw new Error(`--decode is '${values.decode}'; it must be sampled or full`)
  }
  const sink = await Sink.start(values.decode, Number(values.port))
  console.log(JSON.stringify({ port: sink.port }))
}

if (import.meta.main) await main()
