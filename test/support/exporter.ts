import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ExecutionContext } from 'ava'

export type Exporter = {
  /** `127.0.0.1:port` */
  readonly address: string
  /** Scrapes answered so far. */
  readonly scrapes: number
  /** Resolves when so many scrapes have been answered. */
  reached(scrapes: number): Promise<void>
}

/** A scrape target; closed when the test ends. @param bodyOf gives the text of scrape 1, 2, ... */
export async function startExporter(
  t: ExecutionContext,
  bodyOf: (scrape: number) => string | Promise<string>,
): Promise<Exporter> {
  let scrapes = 0
  const waiting = new Set<() => void>()
  const server = createServer(async (_, response) => {
    const body = await bodyOf(++scrapes)
    for (const look of waiting) look()
    response.setHeader('Content-Type', 'text/plain; version=0.0.4').end(body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get scrapes() {
      return scrapes
    },
    reached: count =>
      new Promise(resolve => {
        const look = () => {
          if (scrapes < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}
