import type { PushSink, PushStream } from '../../../lib/control/push-router.ts'
import type { PushPiece, PushResult, PushSpec } from '../../../shared/protocol.ts'

/** For servers that nobody pushes to. */
export const NO_PUSHES: PushSink = {
  open: () => {
    throw new Error('nobody pushes here')
  },
}

/** What came of one push. */
export type SunkPush = {
  readonly spec: PushSpec
  readonly pieces: Buffer[]
  isLast: boolean
  cancelled: boolean
  /** Answers the piece that is out; without a result as a shard does that has taken it. */
  answer(result?: PushResult): void
}

/** Stands for all shards. Answers every piece at once, unless it is held. */
export class FakeSink implements PushSink {
  readonly pushes: SunkPush[] = []
  /** Pieces that no answer was given to; and the most there were at a time. */
  out = 0
  outMax = 0
  readonly #isHeld: boolean
  readonly #waiting = new Set<() => void>()

  constructor(isHeld = false) {
    this.#isHeld = isHeld
  }

  open(spec: PushSpec): PushStream {
    const push: SunkPush = { spec, pieces: [], isLast: false, cancelled: false, answer: () => {} }
    this.pushes.push(push)
    return { send: piece => this.#send(push, piece), cancel: () => this.#cancel(push) }
  }

  /** Resolves when `condition` holds; looked at whenever something comes. */
  until(condition: () => boolean): Promise<void> {
    return new Promise(resolve => {
      const look = () => {
        if (!condition()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
      look()
    })
  }

  async #send(push: SunkPush, { piece, isLast }: PushPiece): Promise<PushResult> {
    const { promise, resolve } = Promise.withResolvers<PushResult>()
    push.pieces.push(Buffer.from(piece))
    push.isLast = isLast
    push.answer = (result = { state: isLast ? 'done' : 'more' }) => {
      this.out--
      resolve(result)
    }
    this.outMax = Math.max(this.outMax, ++this.out)
    if (!this.#isHeld) push.answer()
    this.#look()
    return await promise
  }

  #cancel(push: SunkPush): void {
    push.cancelled = true
    this.#look()
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }
}
