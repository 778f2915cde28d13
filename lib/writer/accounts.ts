import type { CounterBlock, WriterCounter } from '../../shared/counters.ts'
import { HeapWatch } from '../../shared/heap.ts'
import type { BufferPool } from './buffer-pool.ts'

const HEARTBEAT_MS = 1000
/** A buffer that is idle for the whole time between two trims goes. */
const HEARTBEATS_PER_TRIM = 30

/**
 * Tells once a second that the thread's event loop turns, and what memory it holds; has the pool give idle buffers
 * back. Does not keep the thread alive.
 *
 * @returns stops it
 */
export function startAccounts(counters: CounterBlock<WriterCounter>, pool: BufferPool): () => void {
  const heap = new HeapWatch(Date.now())
  let beats = 0
  const beat = () => {
    if (beats++ % HEARTBEATS_PER_TRIM === 0) pool.trim()
    const nowMs = Date.now()
    const { heapBytes, externalBytes } = heap.look(nowMs)
    counters.set('heartbeatMs', nowMs)
    counters.set('accountQueueBytes', pool.bytes)
    counters.set('accountHeapBytes', heapBytes)
    // The pool's buffers are external memory too, and counted already.
    counters.set('accountExternalBytes', Math.max(0, externalBytes - pool.bytes))
  }
  beat()
  const timer = setInterval(beat, HEARTBEAT_MS).unref()
  return () => clearInterval(timer)
}
