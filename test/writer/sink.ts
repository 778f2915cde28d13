/** A remote write receiver on a free port that answers as a test says and keeps what it accepted. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import snappy from 'snappy'

export type SinkRequest = {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  /** What the body decompresses to. */
  readonly text: string
  readonly port: number
}

export type SinkAnswer = {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
  readonly delayMs?: number
  /** Destroys the connection after the request was read. */
  readonly reset?: boolean
  /** Never answers. */
  readonly hang?: boolean
}

export class Sink {
  readonly requests: SinkRequest[] = []
  /** Texts of accepted requests, in the order of acceptance. */
  readonly accepted: string[] = []
  /** Requests under way at the same moment, at most. */
  concurrencyMax = 0
  connections = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #answer: (request: SinkRequest, count: number) => SinkAnswer
  readonly #watchers = new Set<() => void>()
  #port = 0
  #underWay = 0

  private constructor(answer: (request: SinkRequest, count: number) => SinkAnswer) {
    this.#answer = answer
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void this.#serve(request, response)
    })
    this.#server.on('connection', socket => {
      this.connections++
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** @param answer gets the request and how many came before it; nothing means 204 */
  static async open(
    t: ExecutionContext,
    answer: (request: SinkRequest, count: number) => SinkAnswer = () => ({}),
  ): Promise<Sink> {
    const sink = new Sink(answer)
    await sink.#listen(0)
    t.teardown(() => sink.close())
    return sink
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/api/v1/write`
  }

  /** Resolves as soon as `condition` holds; it is looked at after each request. */
  async until(condition: () => boolean): Promise<void> {
    if (condition()) return
    await new Promise<void>(resolve => {
      const watch = () => {
        if (!condition()) return
        this.#watchers.delete(watch)
        resolve()
      }
      this.#watchers.add(watch)
    })
  }

  /** Refuses connections and breaks those that are open. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }

  /** Listens again on the port it had. */
  async reopen(): Promise<void> {
    await this.#listen(this.#port)
  }

  async #listen(port: number): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#underWay++
    this.concurrencyMax = Math.max(this.concurrencyMax, this.#underWay)
    try {
      const body = Buffer.concat(await incoming.toArray())
      const { headers, rawHeaders } = incoming
      const text = (await snappy.uncompress(body, { asBuffer: false })) as string
      const request = { path: incoming.url!, headers, rawHeaders, text, port: incoming.socket.remotePort! }
      const answer = this.#answer(request, this.requests.length)
      this.requests.push(request)
      if (answer.delayMs !== undefined) await new Promise(resolve => setTimeout(resolve, answer.delayMs))
      if (answer.reset) incoming.socket.destroy()
      if (answer.reset || answer.hang) return
      const status = answer.status ?? 204
      if (status < 300) this.accepted.push(text)
      response.writeHead(status, answer.headers).end(answer.body)
    } catch {
      incoming.socket.destroy() // the sender went away, or sent what is no snappy block
    } finally {
      this.#underWay--
      for (const watch of [...this.#watchers]) watch()
    }
  }
}
