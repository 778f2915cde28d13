import type { TargetResponse } from '../../shared/protocol.ts'
import type { TargetSpec } from '../../shared/target.ts'
import { type FetchOwner, TargetClient } from './fetch.ts'
import type { FetchJob } from './fetch-job.ts'

/** Each may hold a body of full size in memory. */
const RESPONSES_MAX = 4
/** Whatever the target may send to a scrape. */
const BODY_BYTES_MAX = 64 * 2 ** 20

/**
 * Answers of targets that somebody wants to look at. They are fetched as scrapes are, credentials and limits included,
 * but over connections of their own, and nothing of them is kept.
 */
export class LiveResponses {
  readonly #onBodyBytes: (delta: number) => void
  readonly #running = new Map<TargetClient, (response: TargetResponse) => void>()

  /** @param onBodyBytes hears how the memory that bodies take changes */
  constructor(onBodyBytes: (delta: number) => void) {
    this.#onBodyBytes = onBodyBytes
  }

  /** Fetches one answer, within the timeout of the target. Never rejects. */
  fetch(target: TargetSpec, job: FetchJob): Promise<TargetResponse> {
    if (this.#running.size >= RESPONSES_MAX) {
      const message = `${RESPONSES_MAX} answers of targets are being fetched already; try again`
      return Promise.resolve({ ok: false, error: { code: 'LIMIT_EXCEEDED', retryable: true, message } })
    }
    const { promise, resolve } = Promise.withResolvers<TargetResponse>()
    const maxBodyBytes = Math.min(target.maxBodyBytes, BODY_BYTES_MAX)
    const client = new TargetClient({ ...target, maxBodyBytes }, job, this.#owner)
    this.#running.set(client, resolve)
    client.start()
    return promise
  }

  /** Gives up what runs. */
  async close(): Promise<void> {
    const error = { code: 'TARGET_CONNECTION', retryable: true, message: 'the agent stops' } as const
    await Promise.all([...this.#running.keys()].map(client => this.#end(client, { ok: false, error })))
  }

  readonly #owner: FetchOwner = {
    fetched: client => {
      const { contentType, encoding, chunks } = client
      void this.#end(client, { ok: true, contentType, encoding, body: Buffer.concat(chunks) })
    },
    failed: (client, error) => void this.#end(client, { ok: false, error: error.toWire() }),
    bodyBytesChanged: delta => this.#onBodyBytes(delta),
  }

  async #end(client: TargetClient, response: TargetResponse): Promise<void> {
    this.#running.get(client)!(response)
    this.#running.delete(client)
    await client.close()
  }
}
