import assert from 'node:assert'

const CLASS_BYTES_MIN = 1024
const CLASSES_PER_OCTAVE_LOG2 = 2

/** The smallest size of the pool's buffers that holds `bytes`: at most a quarter more, and 1 KiB steps below 4 KiB. */
export function classBytes(bytes: number): number {
  assert(bytes > 0 && bytes <= 2 ** 30)
  const octave = 31 - Math.clz32(Math.max(bytes - 1, 1))
  const stepBytes = Math.max(CLASS_BYTES_MIN, 2 ** Math.max(0, octave - CLASSES_PER_OCTAVE_LOG2))
  return Math.ceil(bytes / stepBytes) * stepBytes
}

/** Buffers of one size that wait to be taken. */
type Level = {
  readonly free: Uint8Array[]
  /** The fewest that were free at any moment since the last trim: nobody needed these. */
  freeMin: number
}

/**
 * Memory of blocks, used again and again instead of left to the collector. Levels by size, and none keeps what was not
 * needed between two calls of `trim`: a pool after a burst is as small as one that never saw it.
 */
export class BufferPool {
  readonly #levels = new Map<number, Level>()
  #freeBytes = 0
  #takenBytes = 0

  /** Bytes of all buffers, taken and free. */
  get bytes(): number {
    return this.#takenBytes + this.#freeBytes
  }

  get takenBytes(): number {
    return this.#takenBytes
  }

  /** A buffer of `classBytes(bytes)` with arbitrary content. Whoever takes it gives it back once. */
  take(bytes: number): Uint8Array {
    const size = classBytes(bytes)
    this.#takenBytes += size
    const level = this.#levels.get(size)
    const buffer = level?.free.pop()
    if (level === undefined || buffer === undefined) return Buffer.allocUnsafeSlow(size)
    this.#freeBytes -= size
    level.freeMin = Math.min(level.freeMin, level.free.length)
    return buffer
  }

  give(buffer: Uint8Array): void {
    const size = buffer.length
    let level = this.#levels.get(size)
    if (level === undefined) {
      level = { free: [], freeMin: 0 }
      this.#levels.set(size, level)
    }
    level.free.push(buffer)
    this.#freeBytes += size
    this.#takenBytes -= size
  }

  /** Lets go of the buffers that lay idle since the last call. */
  trim(): void {
    for (const [size, level] of this.#levels) {
      level.free.splice(0, level.freeMin)
      this.#freeBytes -= level.freeMin * size
      level.freeMin = level.free.length
      if (level.free.length === 0) this.#levels.delete(size)
    }
  }
}
