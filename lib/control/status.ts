import type { TargetStatus, ToShard } from '../../shared/protocol.ts'

/** How long a shard may take to tell about its targets. It answers between two scrapes. */
const STATUS_TIMEOUT_MS = 2000

type Listener = { send(message: ToShard): void }

type OpenRequest = {
  readonly statuses: Map<string, TargetStatus>
  readonly done: PromiseWithResolvers<void>
  answersDue: number
}

/** Questions to shards about their targets that are not answered by all yet. */
export class StatusRequests {
  readonly #open = new Map<number, OpenRequest>()
  #lastNumber = 0

  /**
   * Asks every shard.
   *
   * @returns the statuses by id; after a time limit, without those of shards that have not answered
   */
  async ask(shards: readonly Listener[], ids: readonly string[] | 'all'): Promise<ReadonlyMap<string, TargetStatus>> {
    const number = ++this.#lastNumber
    const request: OpenRequest = {
      statuses: new Map(),
      done: Promise.withResolvers<void>(),
      answersDue: shards.length,
    }
    this.#open.set(number, request)
    const timer = setTimeout(request.done.resolve, STATUS_TIMEOUT_MS)
    for (const shard of shards) shard.send({ type: 'status', request: number, ids })
    await request.done.promise
    clearTimeout(timer)
    this.#open.delete(number)
    return request.statuses
  }

  /** Takes the answer of one shard; one that comes too late is dropped. */
  answer(number: number, targets: readonly TargetStatus[]): void {
    const request = this.#open.get(number)
    if (request === undefined) return
    for (const target of targets) request.statuses.set(target.id, target)
    if (--request.answersDue === 0) request.done.resolve()
  }
}
