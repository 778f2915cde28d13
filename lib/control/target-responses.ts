import type { TargetResponse, ToShard } from '../../shared/protocol.ts'
import type { TargetSpec } from '../../shared/target.ts'

/** What a shard may take to answer after the target's own timeout: it may be busy, or be replaced. */
const MARGIN_MS = 2000

type Shard = { send(message: ToShard): void }

/** Requests to shards to fetch the answer of a target that are still open. */
export class TargetResponses {
  readonly #open = new Map<number, (response: TargetResponse | undefined) => void>()
  #lastNumber = 0

  /** Asks the shard that has the target. Resolves with undefined if it has no such target. */
  async ask(shard: Shard, target: TargetSpec): Promise<TargetResponse | undefined> {
    const request = ++this.#lastNumber
    const { promise, resolve } = Promise.withResolvers<TargetResponse | undefined>()
    const waitMs = target.timeoutMs + MARGIN_MS
    const message = `the shard of ${target.url} did not answer within ${waitMs} ms`
    const late: TargetResponse = { ok: false, error: { code: 'TARGET_TIMEOUT', retryable: true, message } }
    const timer = setTimeout(resolve, waitMs, late)
    this.#open.set(request, resolve)
    shard.send({ type: 'response', request, id: target.id })
    const response = await promise
    clearTimeout(timer)
    this.#open.delete(request)
    return response
  }

  /** Takes the answer of a shard; one that comes too late is dropped. */
  answer(request: number, response: TargetResponse | undefined): void {
    this.#open.get(request)?.(response)
  }
}
