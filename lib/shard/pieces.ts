import type { FetchMemory } from './fetch-memory.ts'

/** A body in memory of a pool: a small buffer if one does, else large ones, however small the pieces that it came in. */
export class Pieces {
  sizeBytes = 0
  readonly #memory: FetchMemory
  #buffers: Buffer[] = []
  /** Bytes of the last buffer that are used. */
  #filled = 0

  constructor(memory: FetchMemory) {
    this.#memory = memory
  }

  /** All that was appended, in order. Valid until the next call of any method. */
  get pieces(): readonly Uint8Array[] {
    return this.#buffers.map((buffer, index) =>
      index === this.#buffers.length - 1 ? buffer.subarray(0, this.#filled) : buffer,
    )
  }

  /** Copies the bytes from `start` to `end`. */
  append(bytes: Buffer, start: number, end: number): void {
    this.sizeBytes += end - start
    for (let at = start; at < end; ) {
      const last = this.#buffers.at(-1)
      const room = last === undefined ? 0 : last.length - this.#filled
      if (last === undefined || room === 0) {
        this.#grow(end - at)
        continue
      }
      const copied = Math.min(room, end - at)
      bytes.copy(last, this.#filled, at, at + copied)
      this.#filled += copied
      at += copied
    }
  }

  clear(): void {
    for (const buffer of this.#buffers) this.#memory.give(buffer)
    this.#buffers.length = 0
    this.#filled = 0
    this.sizeBytes = 0
  }

  #grow(bytes: number): void {
    const { small, large } = this.#memory
    const isSmall = this.#buffers.length === 0 && bytes <= small.sizeBytes
    this.#buffers.push(isSmall ? small.take() : large.take())
    this.#filled = 0
  }
}
