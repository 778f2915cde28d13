/*
 * An exporter simulator. One listening socket answers for every target: they differ by address, all of them in
 * 127.0.0.0/8. Bodies are made once a scrape number and shared by all targets, and requests are answered from ready
 * bytes, so that the simulator costs little beside the agent that is measured.
 *
 * `--write-config FILE` leaves a scrape configuration for `--targets N` of them; any number may be called, without
 * being announced.
 *
 *   GET /metrics   the next scrape of the target whose address was called
 *   GET /stats     JSON: what was served
 *   GET /pause     from now on every scrape is answered with 503, so that counts can be compared at rest
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { Exposition } from './exposition.ts'
import { scrapeConfig } from './targets.ts'

export type ExporterOptions = {
  readonly series: number
  /** Fraction of the series that is replaced every scrape, 0 to 1. */
  readonly churn: number
  /** Whether to compress for clients that accept gzip. */
  readonly gzip: boolean
}

export type ExporterStats = { readonly scrapes: number; readonly samples: number; readonly refused: number }

/** Targets scrape in step but for a few; more distinct scrape numbers than this are not in use at one time. */
const BODIES_MAX = 64
const REQUEST_HEAD_CHARS_MAX = 16384
const LISTEN_BACKLOG = 4096

function response(status: string, headers: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n\r\n`), body])
}

const UNAVAILABLE = response('503 Service Unavailable', '', Buffer.from('paused\n'))
const NOT_FOUND = response('404 Not Found', '', Buffer.from('this simulator has /metrics, /stats and /pause\n'))

/** Serves simulated targets until it is closed. */
export class Exporter {
  readonly #options: ExporterOptions
  readonly #exposition: Exposition
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Ready responses by `scrape number` and encoding, oldest first. */
  readonly #ready = new Map<string, Buffer>()
  readonly #scrapesByAddress = new Map<string, number>()
  #scrapes = 0
  #refused = 0
  #paused = false

  private constructor(options: ExporterOptions) {
    this.#options = options
    this.#exposition = new Exposition(options.series, options.churn)
    this.#server = createServer({ noDelay: true }, socket => this.#serve(socket))
  }

  /** @param port 0 for any free one */
  static async start(options: ExporterOptions, port = 0): Promise<Exporter> {
    const exporter = new Exporter(options)
    exporter.#server.listen(port, '0.0.0.0', LISTEN_BACKLOG)
    await once(exporter.#server, 'listening')
    return exporter
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get stats(): ExporterStats {
    return { scrapes: this.#scrapes, samples: this.#scrapes * this.#options.series, refused: this.#refused }
  }

  pause(): void {
    this.#paused = true
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    // The port is open on all addresses of the machine, but nobody outside has business here.
    const address = socket.localAddress ?? ''
    if (!address.startsWith('127.')) {
      socket.destroy()
      return
    }
    let head = ''
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      head += text
      for (let end = head.indexOf('\r\n\r\n'); end >= 0; end = head.indexOf('\r\n\r\n')) {
        this.#answer(socket, address, head.slice(0, end))
        head = head.slice(end + 4)
      }
      if (head.length > REQUEST_HEAD_CHARS_MAX) socket.destroy()
    })
  }

  #answer(socket: Socket, address: string, head: string): void {
    const path = head.split(' ', 2)[1] ?? ''
    if (path === '/stats' || path === '/pause') {
      if (path === '/pause') this.pause()
      const body = Buffer.from(JSON.stringify(this.stats))
      socket.write(response('200 OK', 'Content-Type: application/json\r\n', body))
    } else if (!path.startsWith('/metrics')) {
      socket.write(NOT_FOUND)
    } else if (this.#paused) {
      this.#refused++
      socket.write(UNAVAILABLE)
    } else {
      this.#answerScrape(socket, address, /^accept-encoding:.*\bgzip\b/im.test(head))
    }
  }

  #answerScrape(socket: Socket, address: string, gzipAccepted: boolean): void {
    const scrape = this.#scrapesByAddress.get(address) ?? 0
    this.#scrapesByAddress.set(address, scrape + 1)
    socket.write(this.#readyFor(scrape, gzipAccepted && this.#options.gzip), error => {
      if (!error) this.#scrapes++
    })
  }

  #readyFor(scrape: number, gzip: boolean): Buffer {
    const key = `${scrape} ${gzip}`
    let ready = this.#ready.get(key)
    if (ready === undefined) {
      const text = Buffer.from(this.#exposition.body(scrape))
      const headers = 'Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n'
      ready = gzip
        ? response('200 OK', `${headers}Content-Encoding: gzip\r\n`, gzipSync(text))
        : response('200 OK', headers, text)
      this.#ready.set(key, ready)
      const [oldest] = this.#ready.keys()
      if (this.#ready.size > BODIES_MAX) this.#ready.delete(oldest!)
    }
    return ready
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      targets: { type: 'string', default: '200' },
      series: { type: 'string', default: '1000' },
      churn: { type: 'string', default: '0' },
      gzip: { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
      'write-config': { type: 'string' },
    },
  })
  const options = { series: Number(values.series), churn: Number(values.churn), gzip: values.gzip }
  const exporter = await Exporter.start(options, Number(values.port))
  if (values['write-config'] !== undefined) {
    const targets = Number(values.targets)
    writeFileSync(values['write-config'], scrapeConfig({ targets, port: exporter.port, intervalSeconds: 1 }))
  }
  console.log(JSON.stringify({ port: exporter.port }))
}

if (import.meta.main) await main()
