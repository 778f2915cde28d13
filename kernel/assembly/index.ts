// What the host calls. One instance serves one thread; all that it knows of a target is in its scratch memory.

export { compressChunk, expand } from './snappy'
export { appendSeries, clearChunk } from './encode'
export { staleRun, verify } from './verify'
export { enterChunk, labelsHash, takePrefix, takeVanished } from './old-chunk'
export { rebuild } from './rebuild'
export { foldCrc } from './fold'

/** First byte behind the kernel's static data; the host checks that it lies below the scratch memory. */
export function staticEnd(): usize {
  return __heap_base
}
