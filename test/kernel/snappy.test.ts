import test from 'ava'
import fc from 'fast-check'
import {
  CHUNK_ENTRIES_MAX,
  ENTRY_BYTES,
  ENTRY_KEY_AT,
  ENTRY_KIND_BITS,
  ENTRY_KIND_SHIFT,
  ENTRY_STEP_SHIFT,
  KIND_DROPPED,
  KIND_OWN_TIME,
  KIND_OWN_TIME_WIDE,
  KIND_SAMPLE,
  LEARN_AT,
  NEW_ENTRIES_AT,
  NEW_RAW_AT,
  NO_TIME,
  OLD_RAW_AT,
  OUT_AT,
  STATE_NEW_ENTRIES,
  STATE_NEW_RAW,
  STATE_NEW_SAMPLES,
  STATE_NEW_TIME_AT,
  STATE_NEW_VALUE_AT,
} from '../../kernel/layout.ts'
import { Kernel } from '../../lib/shard/kernel.ts'
import { elementsOf } from '../support/kernel-elements.ts'
import { uncompress } from '../support/kernel-model.ts'

const TIME_MS = 1_700_000_000_123
const VALUE_BYTES = 8

/** What goes into a chunk: bytes that stand for encoded labels, and the timestamp, 0 for that of the scrape. */
type Series = { readonly labels: Uint8Array; readonly value: bigint; readonly timeMs: bigint }

type Chunk = {
  readonly raw: Buffer
  readonly stencil: Buffer
  readonly expanded: Buffer
  /** Place of each value in the stencil, with the kind of its entry. */
  readonly values: readonly { readonly at: number; readonly kind: number }[]
  readonly timeAt: number
}

const newKernel = (): Kernel => new Kernel({ lookup: () => -1, learn: () => -2 }, [1, 2])

function kindOf(timeMs: bigint): number {
  if (timeMs === 0n) return KIND_SAMPLE
  return timeMs >= 2n ** 35n && timeMs < 2n ** 42n ? KIND_OWN_TIME : KIND_OWN_TIME_WIDE
}

/** Builds and compresses a chunk of all series that have room in it. */
function compress(kernel: Kernel, series: readonly Series[]): Chunk {
  const { exports, bytes } = kernel
  exports.clearChunk()
  kernel.setTime(TIME_MS)
  for (const { labels, value, timeMs } of series) {
    bytes.set(labels, LEARN_AT)
    if (exports.appendSeries(0n, 0, LEARN_AT, labels.length, value, timeMs, kindOf(timeMs)) !== 0) break
  }
  const copy = (at: number, length: number): Buffer => Buffer.from(bytes.slice(at, at + length))
  const raw = copy(NEW_RAW_AT, kernel.get(STATE_NEW_RAW))
  const stencil = copy(OUT_AT, exports.compressChunk())
  const entries = new DataView(bytes.buffer, NEW_ENTRIES_AT)
  let at = kernel.get(STATE_NEW_VALUE_AT)
  return {
    raw,
    stencil,
    expanded: copy(OLD_RAW_AT, exports.expand(OUT_AT, stencil.length, OLD_RAW_AT)),
    values: Array.from({ length: kernel.get(STATE_NEW_ENTRIES) }, (_, index) => {
      const word = entries.getUint32(index * ENTRY_BYTES + ENTRY_KEY_AT, true)
      at += word >>> ENTRY_STEP_SHIFT
      return { at, kind: (word >>> ENTRY_KIND_SHIFT) & (2 ** ENTRY_KIND_BITS - 1) }
    }),
    timeAt: kernel.get(STATE_NEW_TIME_AT),
  }
}

/** A timestamp as a varint of at least so many bytes. */
function varint(timeMs: bigint, bytes: number): Uint8Array {
  const rest = BigInt.asUintN(64, timeMs)
  return Uint8Array.from({ length: bytes }, (_, index) => {
    const bits = Number((rest >> BigInt(index * 7)) & 0x7fn)
    return index === bytes - 1 ? bits : bits | 0x80
  })
}

/** Places of a chunk's raw bytes that change from scrape to scrape: of every value, and of every timestamp. */
function movingParts(
  series: readonly Series[],
  count: number,
): { values: number[]; times: [at: number, bytes: number][] } {
  const values: number[] = []
  const times: [number, number][] = []
  let at = 0
  for (const { labels, timeMs } of series.slice(0, count)) {
    const timeBytes = kindOf(timeMs) === KIND_OWN_TIME_WIDE ? 10 : 6
    const bytes = labels.length + 12 + timeBytes
    at += 1 + (bytes < 128 ? 1 : bytes < 16_384 ? 2 : 3) + bytes
    values.push(at - timeBytes - 1 - VALUE_BYTES)
    times.push([at - timeBytes, timeBytes])
  }
  return { values, times }
}

const labels = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .array(fc.constantFrom('node_cpu', 'seconds_total', 'mode', 'idle', 'a', '0'), { maxLength: 30 })
    .map(parts => Buffer.from(parts.join(''))),
  // Labels that look like samples.
  fc
    .array(fc.constantFrom('same', '\x12\x10\x09', '\0'.repeat(8), '\x10'), { maxLength: 12 })
    .map(parts => Buffer.from(parts.join(''), 'latin1')),
  fc.nat(300).map(length => new Uint8Array(length).fill(0x78)),
)
const time = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0n) },
  fc.bigInt(2n ** 35n, 2n ** 42n - 1n),
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
)
// Equal values, which invite copies.
const value = fc.oneof(fc.constantFrom(0n, 0x3ff0000000000000n), fc.bigInt(0n, 2n ** 64n - 1n))
const seriesList = fc.array(fc.record({ labels, value, timeMs: time }), {
  maxLength: CHUNK_ENTRIES_MAX,
  size: 'max',
})

test('what is compressed is uncompressed again, by the snappy package and by the kernel', t => {
  const kernel = newKernel()
  fc.assert(
    fc.property(seriesList, series => {
      const { raw, stencil, expanded } = compress(kernel, series)
      t.true(uncompress([stencil], raw.length).equals(raw))
      t.true(expanded.equals(raw))
    }),
    { numRuns: 300 },
  )
})

test('a stencil may be given other values and timestamps, and everything else stays as it was', t => {
  const kernel = newKernel()
  fc.assert(
    fc.property(
      seriesList,
      fc.bigInt(2n ** 35n, 2n ** 42n - 1n),
      fc.bigInt(0n, 2n ** 64n - 1n),
      (series, timeMs, seed) => {
        const { raw, stencil, values, timeAt } = compress(kernel, series)
        const { values: rawValues, times } = movingParts(series, values.length)
        if (timeAt !== NO_TIME) stencil.set(varint(timeMs, 6), timeAt)
        for (const [index, { at, kind }] of values.entries()) {
          const value = BigInt.asUintN(64, seed * BigInt(index * 2 + 1))
          stencil.writeBigUInt64LE(value, at)
          raw.writeBigUInt64LE(value, rawValues[index])
          const [rawTimeAt, bytes] = times[index]!
          if (kind !== KIND_SAMPLE) stencil.set(varint(timeMs + BigInt(index), bytes), at + VALUE_BYTES + 1)
          raw.set(varint(kind === KIND_SAMPLE ? timeMs : timeMs + BigInt(index), bytes), rawTimeAt)
        }
        t.true(uncompress([stencil], raw.length).equals(raw))
      },
    ),
    { numRuns: 300 },
  )
})

test('no copy reads a value or a timestamp of its own, or reaches out of its chunk or back 64 KiB', t => {
  const kernel = newKernel()
  fc.assert(
    fc.property(seriesList, series => {
      const { raw, stencil, values } = compress(kernel, series)
      const parts = movingParts(series, values.length)
      const isMoving = new Uint8Array(raw.length)
      for (const [index, at] of parts.values.entries()) {
        isMoving.fill(1, at, at + VALUE_BYTES)
        const [timeAt, bytes] = parts.times[index]!
        if (values[index]!.kind !== KIND_SAMPLE) isMoving.fill(1, timeAt, timeAt + bytes)
      }
      for (const { kind, rawAt, length, offset } of elementsOf(stencil)) {
        if (kind === 'literal') continue
        const source = rawAt - offset
        if (source < 0 || offset >= 65_536) t.fail(`offset ${offset} at ${rawAt}`)
        if (isMoving.subarray(source, source + length).includes(1)) t.fail(`a copy from ${source} of ${length}`)
        if (isMoving.subarray(rawAt, rawAt + length).includes(1)) t.fail(`a copy to ${rawAt} of ${length}`)
      }
    }),
    { numRuns: 300 },
  )
  t.pass()
})

test('a chunk closes before 27000 bytes, and one series alone may have more', t => {
  const kernel = newKernel()
  const noise = Uint8Array.from({ length: 390_000 }, (_, index) => (index * 2654435761) >>> 24)
  const of = (length: number): Series => ({ labels: noise.subarray(0, length), value: 1n, timeMs: 0n })
  for (const lengths of [
    [13_000, 13_000, 13_000],
    [27_100, 10],
    [390_000, 10],
    [70_000, 70_000],
  ]) {
    const { raw, stencil, expanded, values } = compress(kernel, lengths.map(of))
    t.true(uncompress([stencil], raw.length).equals(raw))
    t.true(expanded.equals(raw))
    t.is(values.length, lengths[0]! < 27_000 ? 2 : 1)
  }
})

test('a chunk without samples is empty', t => {
  const { stencil, raw, timeAt } = compress(newKernel(), [])
  t.deepEqual([stencil.length, raw.length, timeAt], [0, 0, NO_TIME])
})

test('series of a common exporter take 30 bytes each at most, 128 of them in a chunk', t => {
  const series = Array.from({ length: CHUNK_ENTRIES_MAX }, (_, k) => {
    const text = `\n\x22\n\b__name__\x12\x16node_cpu_seconds_total\n\t\n\x03cpu\x12\x02${10 + (k >> 3)}\n\x17\n\binstance\x12\x0b10.0.0.1:91\n\n\n\x04mode\x12\x02m${k & 7}`
    return { labels: Buffer.from(text, 'latin1'), value: 0x3ff0000000000000n, timeMs: 0n }
  })
  const kernel = newKernel()
  const { stencil, values } = compress(kernel, series)
  t.is(values.length, CHUNK_ENTRIES_MAX)
  t.true(stencil.length <= CHUNK_ENTRIES_MAX * 30, `${stencil.length / CHUNK_ENTRIES_MAX} bytes`)
  t.is(kernel.get(STATE_NEW_SAMPLES), CHUNK_ENTRIES_MAX)
  t.true(values.every(({ kind }) => kind < KIND_DROPPED))
})
