import { LINE_BYTES_MAX } from '../../../kernel/layout.ts'
import { PenstockError } from '../../../shared/errors.ts'
import type { PushPiece, PushResult, PushSpec } from '../../../shared/protocol.ts'
import type { Turn } from '../kernel-turns.ts'
import { type DecodeLimits, decodeBody } from './decode.ts'
import { LineCutter } from './line-cutter.ts'

/** What becomes of the lines of a push. */
export interface LineTaker {
  /** Takes whole lines, in pieces that are joined without anything between. */
  take(lines: readonly Uint8Array[]): Turn
  /**
   * After the last lines.
   *
   * @param oversized how many lines were left out because they were too long
   * @returns undefined if there is nothing left to do
   */
  end(oversized: number): Turn | undefined
}

/**
 * One pushed body: its pieces come in, are decoded and cut into lines, and each is answered. Only one piece is here at a
 * time, so that a client can send no faster than its lines are taken.
 */
export class Push {
  readonly #spec: PushSpec
  readonly #lines: LineTaker
  readonly #answer: (result: PushResult) => void
  readonly #cutter = new LineCutter(LINE_BYTES_MAX)
  #piece: PushPiece
  #arrival = Promise.withResolvers<void>()
  /** The next piece is awaited. */
  #isWaiting = false
  /** Lines that wait for their turn, or have it. */
  #turn: Turn | undefined
  /** Why no more pieces may be asked for. */
  #noMore: PenstockError | undefined
  /** Why nothing more may be taken at all. */
  #cutOff: PenstockError | undefined

  /** @param answer is called once for each piece, and then once more if the push ends while a piece is awaited */
  constructor(spec: PushSpec, first: PushPiece, lines: LineTaker, answer: (result: PushResult) => void) {
    this.#spec = spec
    this.#piece = first
    this.#lines = lines
    this.#answer = answer
    this.#arrival.resolve()
  }

  /** Takes in the whole body. Resolves when the last answer was given. */
  async run(limits: DecodeLimits): Promise<void> {
    try {
      await decodeBody(this.#spec.encoding, this.#pieces(), limits, text => this.#take(this.#cutter.push(text)))
      await this.#take(this.#cutter.end())
      await this.#have(this.#lines.end(this.#cutter.oversized))
      this.#answer({ state: 'done' })
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      this.#answer({ state: 'refused', error: error.toWire() })
    }
  }

  /** The piece that was asked for. */
  deliver(piece: PushPiece): void {
    this.#piece = piece
    this.#arrival.resolve()
  }

  /** Ends the push as soon as lines that are being taken are through. */
  cutOff(reason: PenstockError): void {
    this.#cutOff = reason
    this.#turn?.takeBack(reason)
    this.#arrival.reject(reason)
  }

  /** Goes on only if the last piece is here. */
  askNoMore(reason: PenstockError): void {
    this.#noMore = reason
    if (this.#isWaiting) this.cutOff(reason)
  }

  async *#pieces(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      await this.#arrival.promise
      this.#isWaiting = false
      const { piece, isLast } = this.#piece
      yield piece
      if (isLast) return
      const reason = this.#cutOff ?? this.#noMore
      if (reason !== undefined) throw reason
      this.#arrival = Promise.withResolvers<void>()
      this.#isWaiting = true
      this.#answer({ state: 'more' })
    }
  }

  async #take(lines: readonly Uint8Array[]): Promise<void> {
    if (this.#cutOff !== undefined) throw this.#cutOff
    if (lines.length > 0) await this.#have(this.#lines.take(lines))
  }

  async #have(turn: Turn | undefined): Promise<void> {
    this.#turn = turn
    await turn?.done
    this.#turn = undefined
  }
}
