import { getHeapStatistics } from 'node:v8'

/** What a thread's V8 heap takes, in bytes. */
export type HeapUse = { readonly heapBytes: number; readonly externalBytes: number }

/** What a thread may hold of garbage before it is worth a collection that gives pages back. */
const SLACK_BYTES_MIN = 2 * 1024 * 1024
/** A heap much like the one that the last collection left has nothing to give. */
const GROWTH_RATIO_MIN = 1.15
const TRIM_INTERVAL_MS = 60_000
/** Starting up leaves more garbage than hours of work. */
const FIRST_TRIM_MS = 5_000
const LOOK_INTERVAL_MS = 5_000

/**
 * Watches the heap of its own thread. V8 collects when a heap has grown by half or so, which a thread that makes little
 * garbage takes days for: until then its start-up counts as memory in use. This collects once after the start, and
 * later at most once a minute where the heap has grown; it takes a few milliseconds.
 */
export class HeapWatch {
  #nextTrimMs: number
  #heapBytesAfterTrim = 0

  constructor(nowMs: number) {
    this.#nextTrimMs = nowMs + FIRST_TRIM_MS
  }

  /** Call it about once a second; collects if it is time. */
  look(nowMs: number): HeapUse {
    let heap = getHeapStatistics()
    if (nowMs >= this.#nextTrimMs) {
      this.#nextTrimMs = nowMs + TRIM_INTERVAL_MS
      const heapBytes = heap.total_physical_size
      const worthBytes = Math.max(
        this.#heapBytesAfterTrim * GROWTH_RATIO_MIN,
        this.#heapBytesAfterTrim + SLACK_BYTES_MIN,
      )
      if (heapBytes > worthBytes) {
        collect()
        heap = getHeapStatistics()
        this.#heapBytesAfterTrim = heap.total_physical_size
      }
    }
    return { heapBytes: heap.total_physical_size, externalBytes: heap.external_memory + heap.malloced_memory }
  }
}

/**
 * Watches the heap of this thread until the function that this gives is called, for threads that have no account to
 * keep. Does not keep the thread alive.
 */
export function startHeapWatch(): () => void {
  const watch = new HeapWatch(Date.now())
  const timer = setInterval(() => watch.look(Date.now()), LOOK_INTERVAL_MS).unref()
  return () => clearInterval(timer)
}

/** A full collection that also gives the pages that it frees back to the system. Needs Node's `--expose-gc`. */
function collect(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
