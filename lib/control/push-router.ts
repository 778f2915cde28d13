import type { PushPiece, PushResult, PushSpec, ToShard } from '../../shared/protocol.ts'
import { xxhash64 } from '../../shared/xxhash64.ts'

type Shard = { send(message: ToShard, transfer: ArrayBuffer[]): void }

/** One pushed body on its way to a shard. */
export interface PushStream {
  /**
   * Hands over the next piece, whose memory goes with it. Only after the piece before was answered with `more`.
   *
   * @returns the answer of the shard, which may have come before
   */
  send(piece: PushPiece): Promise<PushResult>
  /** Nothing more will come: what the shard has not begun to take is dropped. A piece that is out is still answered. */
  cancel(): void
}

/** Where pushed bodies go. */
export interface PushSink {
  open(spec: PushSpec): PushStream
}

const CANCELLED: PushResult = {
  state: 'refused',
  error: { code: 'PUSH_CUT_OFF', retryable: true, message: 'the client has gone' },
}

/** Takes pushed bodies to the shards: all of one client to the same one, so that its samples stay in order of time. */
export class PushRouter implements PushSink {
  readonly #shards: readonly Shard[]
  readonly #open = new Map<number, RoutedPush>()
  #lastNumber = 0

  constructor(shards: readonly Shard[]) {
    this.#shards = shards
  }

  open(spec: PushSpec): PushStream {
    const number = ++this.#lastNumber
    const shard = this.#shards[xxhash64(spec.client).lo % this.#shards.length]!
    const push = new RoutedPush(spec, number, shard, () => this.#open.delete(number))
    this.#open.set(number, push)
    return push
  }

  /** The answer of a shard; of a push that has ended it is dropped. */
  answer(number: number, result: PushResult): void {
    this.#open.get(number)?.answer(result)
  }
}

class RoutedPush implements PushStream {
  readonly #spec: PushSpec
  readonly #number: number
  readonly #shard: Shard
  readonly #onEnd: () => void
  #hasBegun = false
  #isCancelled = false
  #owed: PromiseWithResolvers<PushResult> | undefined
  #end: PushResult | undefined

  constructor(spec: PushSpec, number: number, shard: Shard, onEnd: () => void) {
    this.#spec = spec
    this.#number = number
    this.#shard = shard
    this.#onEnd = onEnd
  }

  async send({ piece, isLast }: PushPiece): Promise<PushResult> {
    if (this.#end !== undefined) return this.#end
    this.#owed = Promise.withResolvers<PushResult>()
    const message = { push: this.#number, piece, isLast }
    if (this.#hasBegun) this.#shard.send({ type: 'pushMore', ...message }, [piece.buffer])
    else this.#shard.send({ type: 'push', spec: this.#spec, ...message }, [piece.buffer])
    this.#hasBegun = true
    return await this.#owed.promise
  }

  cancel(): void {
    if (this.#end !== undefined || this.#isCancelled) return
    this.#isCancelled = true
    if (this.#hasBegun) this.#shard.send({ type: 'pushCancel', push: this.#number }, [])
    if (this.#owed === undefined) this.answer(CANCELLED)
  }

  answer(result: PushResult): void {
    if (result.state !== 'more') {
      this.#end = result
      this.#onEnd()
    }
    this.#owed?.resolve(result)
    this.#owed = undefined
  }
}
