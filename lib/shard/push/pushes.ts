import type { PushPiece, PushResult, PushSpec } from '../../../shared/protocol.ts'
import type { DecodeLimits } from './decode.ts'
import { PrometheusLines, type PushMeans } from './prometheus.ts'
import { Push } from './push.ts'
import { PushCutOff } from './push-errors.ts'

/** Gives a lot of text its bound, and no client that streams its metrics a reason to notice. */
const LIMITS: DecodeLimits = { textBytesMax: 1024 ** 3, snappyBytesMax: 32 * 1024 ** 2 }

export type PushAnswer = (push: number, result: PushResult) => void

/** The pushed bodies that a shard is taking in, by the numbers that the coordinator has given them. */
export class Pushes {
  readonly #means: PushMeans
  readonly #limits: DecodeLimits
  readonly #answer: PushAnswer
  readonly #open = new Map<number, { readonly push: Push; readonly run: Promise<void> }>()
  #stopping: PushCutOff | undefined

  constructor(means: PushMeans, answer: PushAnswer, limits = LIMITS) {
    this.#means = means
    this.#limits = limits
    this.#answer = answer
  }

  begin(number: number, spec: PushSpec, piece: PushPiece): void {
    if (this.#stopping !== undefined) {
      this.#answer(number, { state: 'refused', error: this.#stopping.toWire() })
      return
    }
    const push = new Push(spec, piece, new PrometheusLines(spec, this.#means), result => this.#tell(number, result))
    const run = push.run(this.#limits).finally(() => this.#open.delete(number))
    this.#open.set(number, { push, run })
  }

  /** Of a push that has ended meanwhile the piece is dropped: the coordinator was told. */
  more(number: number, piece: PushPiece): void {
    this.#open.get(number)?.push.deliver(piece)
  }

  cancel(number: number): void {
    this.#open.get(number)?.push.cutOff(new PushCutOff('the client has gone'))
  }

  /** Takes in what is here as a whole, and cuts off the rest. */
  async stop(): Promise<void> {
    this.#stopping = new PushCutOff('the shard stops: push again')
    for (const { push } of this.#open.values()) push.askNoMore(this.#stopping)
    await Promise.all([...this.#open.values()].map(({ run }) => run))
  }

  #tell(number: number, result: PushResult): void {
    if (result.state === 'refused' && !result.error.retryable) this.#means.counters.add('pushPrometheusErrors', 1)
    this.#answer(number, result)
  }
}
