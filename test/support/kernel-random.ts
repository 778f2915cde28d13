/** Random choices that a seed repeats (xorshift128, seeded by splitmix32). */
export class Random {
  readonly seed: number
  readonly #state = new Uint32Array(4)

  constructor(seed: number) {
    this.seed = seed >>> 0
    let mixed = this.seed
    for (let word = 0; word < 4; word++) {
      mixed = (mixed + 0x9e3779b9) >>> 0
      let bits = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
      bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
      this.#state[word] = (bits ^ (bits >>> 15)) | 1
    }
  }

  /** 0 to `end - 1`. */
  below(end: number): number {
    return Math.floor((this.#next() / 2 ** 32) * end)
  }

  /** `first` to `last`. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  /** True once in `times`, on average. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  shuffle<T>(items: T[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1)
      ;[items[last], items[other]] = [items[other]!, items[last]!]
    }
  }

  #next(): number {
    const state = this.#state
    let t = state[3]!
    t ^= t << 11
    t ^= t >>> 8
    state[3] = state[2]!
    state[2] = state[1]!
    state[1] = state[0]!
    t ^= state[0]! ^ (state[0]! >>> 19)
    state[0] = t
    return t >>> 0
  }
}
