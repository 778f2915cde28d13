const KEPT_BYTES_MAX = 256 * 1024
const BYTES_MIN = 64 * 1024

/**
 * Where the parts of new chunks lie until a block is made of them: one buffer that is used again for the next scrape,
 * for thousands of small ones between the blocks of all targets would leave memory in pieces.
 */
export class Staging {
  #bytes = new Uint8Array(BYTES_MIN)
  #used = 0

  /** A copy of the bytes from `start` to `end`, good until `clear`. */
  copy(from: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start
    if (this.#used + length > this.#bytes.length) {
      // Those who have a part of the old buffer keep it alive.
      this.#bytes = new Uint8Array(Math.max(2 * this.#bytes.length, length))
      this.#used = 0
    }
    const at = this.#used
    this.#used += length
    this.#bytes.set(from.subarray(start, end), at)
    return this.#bytes.subarray(at, this.#used)
  }

  /** Gives all copies up; a buffer that had to become large goes with them. */
  clear(): void {
    this.#used = 0
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = new Uint8Array(BYTES_MIN)
  }
}
