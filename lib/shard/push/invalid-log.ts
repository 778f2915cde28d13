import type { ShardLog } from '../shard.ts'

const QUIET_MS = 10_000
const SHOWN_CHARACTERS = 200

/** Says in the log that pushed lines are not valid: shows one of them in a while, and says how many there were. */
export class InvalidLog {
  readonly #log: ShardLog
  readonly #nowMs: () => number
  #toldMs = Number.NEGATIVE_INFINITY
  #untold = 0

  /** @param nowMs a monotonic clock in milliseconds; given by tests */
  constructor(log: ShardLog, nowMs: () => number = () => performance.now()) {
    this.#log = log
    this.#nowMs = nowMs
  }

  /**
   * @param client address of whoever pushed the lines
   * @param example gives one of them, or says what is wrong with one; called only if it is shown
   */
  note(client: string, lines: number, example: () => string): void {
    this.#untold += lines
    const nowMs = this.#nowMs()
    if (nowMs - this.#toldMs < QUIET_MS) return
    const shown = JSON.stringify(example().slice(0, SHOWN_CHARACTERS))
    const more = this.#untold > 1 ? `, one of ${this.#untold} since the last message of this kind` : ''
    this.#log('warn', `a line that ${client} pushed is not valid, and is left out: ${shown}${more}`)
    this.#toldMs = nowMs
    this.#untold = 0
  }
}
