/*
 * What a shard's kernel costs, in nanoseconds a sample, on a body like that of node_exporter:
 *
 *   node bench/kernel.bench.ts [series] [seconds]
 *
 * Fetching and inflating are not part of it. The first figure is the one that counts: a target whose series stay.
 */
import { Bench } from 'tinybench'
import { OLD_RAW_AT, RUN_STENCIL_AT, WINDOW_AT, WINDOW_BYTES } from '../kernel/layout.ts'
import { Kernel } from '../lib/shard/kernel.ts'
import { Round } from '../lib/shard/round.ts'
import { type AutoChunk, TargetBlock } from '../lib/shard/target-block.ts'
import { storeTargetLabels } from '../lib/shard/target-labels.ts'
import { Exposition } from './exposition.ts'

const START_MS = 1_700_000_000_000
const LABELS = [
  { name: 'instance', value: '127.0.0.1:9100' },
  { name: 'job', value: 'node' },
]
const NO_AUTO_METRICS: AutoChunk = { stencil: new Uint8Array(0), rawBytes: 0, timesAt: [], valuesAt: [] }

const series = Number(process.argv[2] ?? 1000)
const seconds = Number(process.argv[3] ?? 2)

/** Bodies of two scrapes of the same target, which the kernel must label without help. */
const [first, second] = [0, 1].map(scrape =>
  Buffer.from(new Exposition(series).body(scrape).replaceAll(/\\.|[^\n -~]/g, '-')),
)
if (first!.length > WINDOW_BYTES || second!.length > WINDOW_BYTES) throw new RangeError(`${series} series are too many`)

const kernel: Kernel = new Kernel({ lookup: (low, high) => round.index.lookup(low, high), learn: () => -2 }, [1, 2])
const round: Round = new Round(kernel, () => storeTargetLabels(kernel, LABELS))

/** Scrapes a body that lies in the window. Gives the new block, if the series have changed. */
function scrape(block: TargetBlock, body: Uint8Array): TargetBlock {
  round.begin(block, START_MS, 0)
  round.lines(WINDOW_AT, WINDOW_AT + body.length)
  const sources = round.finish()
  const changed = sources === undefined ? block : TargetBlock.assemble(block, sources, NO_AUTO_METRICS)
  round.forget()
  return changed
}

const empty = TargetBlock.empty(NO_AUTO_METRICS)
kernel.bytes.set(first!, WINDOW_AT)
const block = scrape(empty, first!)
const samples = block.countSamples()
if (samples !== series) throw new Error(`${samples} of ${series} series were encoded`)

const bench = new Bench({ time: seconds * 1000, warmupTime: 300 })
bench.add('same series: verify, parse, patch', () => scrape(block, second!), {
  beforeAll: () => kernel.bytes.set(second!, WINDOW_AT),
})
bench.add('same series, the window copied in', () => {
  kernel.bytes.set(second!, WINDOW_AT)
  scrape(block, second!)
})
bench.add('new series: label, encode, compress', () => scrape(empty, second!), {
  beforeAll: () => kernel.bytes.set(second!, WINDOW_AT),
})
bench.add('expand stencils to protobuf', () => {
  const starts = block.chunkStarts()
  for (let chunk = 0; chunk < block.chunks; chunk++) {
    const stencil = block.bytes.subarray(starts.stencilAt[chunk], starts.stencilAt[chunk + 1])
    kernel.bytes.set(stencil, RUN_STENCIL_AT)
    kernel.exports.expand(RUN_STENCIL_AT, stencil.length, OLD_RAW_AT)
  }
})
await bench.run()

console.log(`${samples} samples, ${second!.length} B of text, a block of ${block.sizeBytes} B`)
for (const { name, result } of bench.tasks) {
  if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`)
  const perSample = (ms: number): string => ((ms * 1e6) / samples).toFixed(1).padStart(7)
  console.log(`${name.padEnd(38)}${perSample(result.latency.p50)} ns a sample, at best${perSample(result.latency.min)}`)
}
