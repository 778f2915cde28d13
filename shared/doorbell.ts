/*
 *   0         4           8
 *   ├ rings ──┼ urgent ───┤   counts modulo 2³², bumped by whoever rings
 */
const RINGS = 0
const URGENT = 1
const WORDS = 2

/** Memory of a bell that nobody has rung yet. Whoever calls this owns it. */
export function createDoorbell(): SharedArrayBuffer {
  return new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)
}

/** Shared words that any number of threads bump and that threads sleep on, without polling. */
export class Doorbell {
  readonly #words: Int32Array
  /** The words as they were at the end of the last sleep. */
  readonly #heard: [rings: number, urgent: number]

  /** What was rung before this end was made is not heard by it: look once before the first sleep. */
  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, WORDS)
    this.#heard = [Atomics.load(this.#words, RINGS), Atomics.load(this.#words, URGENT)]
  }

  /**
   * Any thread: call after publishing; once a scrape, not once a sample. Wakes every sleeper, because the bell of a
   * recycled shard may have two for a moment: the old thread and its successor.
   */
  ring(): void {
    this.#bump(RINGS)
  }

  /** Any thread: as `ring`, and also wakes those who sleep on urgent rings only. */
  ringUrgently(): void {
    this.#bump(URGENT)
    this.#bump(RINGS)
  }

  /**
   * The sleeping thread: resolves once the bell has rung since the last call, or after `timeoutMs`. Call it first and
   * look second: what is published during the look then ends the next sleep at once. One call at a time.
   *
   * The event loop runs on meanwhile. A pending sleep does not keep its thread alive, and it is gone when the thread is.
   *
   * @param timeoutMs `Infinity` costs no timer. The end of one sleeper's time also wakes the others, without harm.
   */
  async rung(timeoutMs: number): Promise<void> {
    await this.#sleep(RINGS, timeoutMs)
  }

  /** As `rung`, but sleeps through rings that are not urgent. These still end the next `rung` at once. */
  async rungUrgently(timeoutMs: number): Promise<void> {
    await this.#sleep(URGENT, timeoutMs)
  }

  #bump(word: typeof RINGS | typeof URGENT): void {
    Atomics.add(this.#words, word, 1)
    Atomics.notify(this.#words, word)
  }

  async #sleep(word: typeof RINGS | typeof URGENT, timeoutMs: number): Promise<void> {
    // The timeout of waitAsync itself stays on the platform's timer heap until it is due, even if the bell rang long
    // before: with a minute of patience and many rings a second that is a heap of the past.
    const sleep = Atomics.waitAsync(this.#words, word, this.#heard[word])
    if (sleep.async) {
      const timer =
        timeoutMs < Number.POSITIVE_INFINITY
          ? setTimeout(() => Atomics.notify(this.#words, word), timeoutMs).unref()
          : undefined
      await sleep.value
      clearTimeout(timer)
    }
    this.#heard[word] = Atomics.load(this.#words, word)
  }
}
