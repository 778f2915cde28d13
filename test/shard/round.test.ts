import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { RandomBody } from '../support/kernel-bodies.ts'
import { countAdded, Model, type ModelScrape, type ModelTarget, showStale, vanished } from '../support/kernel-model.ts'
import { Random } from '../support/kernel-random.ts'
import { KernelRig } from '../support/kernel-rig.ts'

const START_MS = 1_700_000_000_000
const TARGET: ModelTarget = {
  labels: [
    { name: 'instance', value: '127.0.0.1:9100' },
    { name: 'job', value: 'node' },
  ],
  honorLabels: false,
  honorTimestamps: false,
  drops: false,
}

/** Scrapes bodies with a rig and with the model, and compares whatever can be seen of both. */
class Comparison {
  readonly rig: KernelRig
  readonly #t: ExecutionContext
  readonly #model: Model
  #before: ModelScrape | undefined
  #timeMs = START_MS
  lines = 0

  constructor(t: ExecutionContext, target: ModelTarget) {
    this.#t = t
    this.rig = new KernelRig(t, target)
    this.#model = new Model(target)
  }

  scrape(body: string, title: string): { chunksEncoded: number } {
    this.#timeMs += 1000
    const timeMs = this.#timeMs
    const expected = this.#model.scrape(body, timeMs)
    this.lines += expected.scraped + expected.invalid
    if (expected.isCut) {
      const before = this.rig.block
      this.#t.throws(() => this.rig.scrape(body, timeMs), { code: 'TARGET_BODY' }, title)
      this.#t.is(this.rig.block, before, title)
      return { chunksEncoded: 0 }
    }
    const found = this.rig.scrape(body, timeMs)
    this.#compare(found, expected, timeMs, title)
    this.#before = expected
    return found
  }

  /** A scrape that ends before its body does. */
  giveUp(random: Random, body: string): void {
    const lines = body.split('\n')
    this.#timeMs += 1000
    this.rig.giveUp(`${lines.slice(0, random.below(lines.length + 1)).join('\n')}\n`, this.#timeMs)
  }

  #compare(found: ReturnType<KernelRig['scrape']>, expected: ModelScrape, timeMs: number, title: string): void {
    const before = this.#before
    const shown = this.rig.series()
    const different = expected.series.findIndex(
      ({ labels, sample }, index) => labels !== shown[index]?.labels || sample !== shown[index].sample,
    )
    if (different >= 0) this.#t.deepEqual(shown[different], expected.series[different], `${title}: series ${different}`)
    const { scraped, kept, invalid, added } = found.counts
    const counts = {
      series: expected.series.length,
      scraped: expected.scraped,
      kept: expected.series.length,
      invalid: expected.invalid,
      added: countAdded(before, expected),
      samples: expected.series.length,
    }
    const samples = this.rig.block.countSamples()
    const gone = before === undefined ? [] : vanished(before, expected)
    const sameCounts =
      shown.length === counts.series &&
      scraped === counts.scraped &&
      kept === counts.kept &&
      invalid === counts.invalid &&
      added === counts.added &&
      samples === counts.samples
    if (!sameCounts) this.#t.deepEqual({ series: shown.length, scraped, kept, invalid, added, samples }, counts, title)
    if (gone.length + found.vanished.length > 0) {
      const markers = gone.map(labels => ({ labels, sample: showStale(timeMs) }))
      this.#t.deepEqual(found.vanished, markers, `${title}: stale markers`)
    }
  }
}

/** Changes a target of `series` at random and scrapes it each time, until `lines` lines were read. */
function play(t: ExecutionContext, seed: number, target: ModelTarget, series: number, lines: number): void {
  const random = new Random(seed)
  const body = new RandomBody(random, series, { timestamps: target.honorTimestamps, garbage: random.once(2) })
  const comparison = new Comparison(t, target)
  for (let scrape = 0; comparison.lines < lines; scrape++) {
    comparison.scrape(body.text(), `seed ${seed}, scrape ${scrape}`)
    body.tick()
    for (let mutations = random.once(3) ? 0 : random.between(1, 3); mutations > 0; mutations--) body.mutate()
    if (random.once(10)) comparison.giveUp(random, body.text())
  }
}

const targets: readonly ModelTarget[] = [
  TARGET,
  { ...TARGET, honorTimestamps: true },
  { ...TARGET, honorLabels: true, honorTimestamps: true },
  { ...TARGET, drops: true, honorLabels: true },
  { ...TARGET, labels: [], honorTimestamps: true },
]
for (const [index, target] of targets.entries()) {
  const { labels, ...options } = target
  test(`any body after any other is read as by an obvious parser: ${labels.length} labels, ${JSON.stringify(options)}`, t => {
    const seed = Number(process.env.SEED ?? index * 1000)
    for (let run = 0; run < 25; run++) {
      const series = [0, 5, 60, 400, 1000][run % 5]!
      play(t, seed + run, target, series, 2500 + series * 19)
    }
    t.pass()
  })
}

/** Lines of `count` series, and room between their numbers. */
const plainLines = (count: number, value = 1): string[] =>
  Array.from({ length: count }, (_, k) => `node_cpu_seconds_total{cpu="${k >> 3}",mode="m${k & 7}"} ${value + k / 8}`)

const textOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`

test('a scrape with the series of the one before changes nothing but values', t => {
  const comparison = new Comparison(t, TARGET)
  comparison.scrape(textOf(plainLines(1000)), 'first')
  const { block } = comparison.rig
  const { chunksEncoded } = comparison.scrape(textOf(plainLines(1000, 2)), 'second')
  t.is(chunksEncoded, 0)
  t.is(comparison.rig.block, block)
})

const CHANGES: readonly (readonly [title: string, change: (lines: string[], at: number) => void, chunks: number])[] = [
  ['replaced', (lines, at) => lines.splice(at, 1, 'other{a="b"} 1'), 1],
  ['added', (lines, at) => lines.splice(at, 0, 'other{a="b"} 1'), 2],
  ['removed', (lines, at) => lines.splice(at, 1), 1],
  ['invalid', (lines, at) => lines.splice(at, 1, 'invalid'), 1],
  ['moved to the end', (lines, at) => lines.push(...lines.splice(at, 1)), 3],
]
for (const [title, change, chunksMax] of CHANGES) {
  test(`one series of 1000 ${title} has ${chunksMax} chunks encoded at most`, t => {
    for (const at of [0, 1, 126, 127, 128, 500, 998]) {
      const comparison = new Comparison(t, TARGET)
      const lines = plainLines(1000)
      comparison.scrape(textOf(lines), 'before')
      change(lines, at)
      const { chunksEncoded } = comparison.scrape(textOf(lines), `${title} at ${at}`)
      t.true(chunksEncoded >= 1 && chunksEncoded <= chunksMax, `${chunksEncoded} chunks at ${at}`)
      t.is(comparison.scrape(textOf(lines), 'again').chunksEncoded, 0)
    }
  })
}

test('chunks stay well filled however often series come and go', t => {
  const random = new Random(1)
  const comparison = new Comparison(t, TARGET)
  const lines = plainLines(600)
  for (let scrape = 0; scrape < 150; scrape++) {
    for (let k = 0; k < 5; k++) lines.splice(random.below(lines.length), random.below(3))
    while (lines.length < 600)
      lines.splice(random.below(lines.length), 0, `new{scrape="${scrape}",n="${lines.length}"} 1`)
    comparison.scrape(textOf(lines), `scrape ${scrape}`)
  }
  t.true(comparison.rig.block.chunks <= 15, `${comparison.rig.block.chunks} chunks`)
})

test('lines that come round again are sent again, each with its value', t => {
  const comparison = new Comparison(t, TARGET)
  const lines = plainLines(640)
  comparison.scrape(textOf(lines), 'before')
  const again = [...lines.slice(128, 384), ...lines.slice(0, 128), ...lines.slice(128, 384)]
  const counted = again.map((line, index) => `${line.split(' ')[0]} ${index}`)
  comparison.scrape(textOf(counted), 'blocks repeated')
  comparison.scrape(textOf(counted), 'and the same once more')
  comparison.scrape(textOf(lines), 'and as before')
})

test('a target of 20000 series is walked in runs, wherever it changes', t => {
  const comparison = new Comparison(t, TARGET)
  const random = new Random(3)
  const lines = plainLines(20_000)
  comparison.scrape(textOf(lines), 'first')
  comparison.scrape(textOf(plainLines(20_000, 5)), 'same series')
  for (let scrape = 0; scrape < 6; scrape++) {
    for (let k = 0; k < 3; k++) {
      const at = random.below(lines.length)
      if (random.once(3)) lines.push(...lines.splice(at, random.below(2000)))
      else lines.splice(at, random.below(3), `new{scrape="${scrape}",n="${k}"} 1`)
    }
    const { chunksEncoded } = comparison.scrape(textOf(lines), `scrape ${scrape}`)
    t.true(chunksEncoded < 60, `${chunksEncoded} chunks`)
  }
})

test('runs end where the stencils are too long for one', t => {
  const comparison = new Comparison(t, TARGET)
  const random = new Random(4)
  const text = () => Array.from({ length: 30 }, () => random.below(2 ** 32).toString(36)).join('')
  const lines = Array.from({ length: 6000 }, (_, k) => `long{text="${text()}"} ${k}`)
  comparison.scrape(textOf(lines), 'first')
  t.true(comparison.rig.block.bytes.length > 800_000)
  comparison.scrape(textOf(lines), 'same')
  lines.splice(5990, 1)
  t.true(comparison.scrape(textOf(lines), 'one removed').chunksEncoded <= 2)
})

test('the kernel and the slow path encode the same bytes', t => {
  const random = new Random(5)
  const body = new RandomBody(random, 500, { timestamps: true, garbage: true })
  const target = { ...TARGET, honorTimestamps: true }
  const kernel = new KernelRig(t, target)
  const slowPath = new KernelRig(t, { ...target, drops: true })
  for (let scrape = 0; scrape < 50; scrape++) {
    const text = `${body.text().replaceAll('drop=', 'kept=')}\n`
    const scraped = [kernel, slowPath].map(rig => rig.scrape(text, START_MS + scrape))
    t.is(scraped[1]!.counts.encoded, 0)
    t.true(kernel.raw().equals(slowPath.raw()), `scrape ${scrape}`)
    body.tick()
    body.mutate()
  }
})

const anyLine = fc.oneof(
  fc.constantFrom(
    'a 1',
    'a{} 2',
    'a{b="c"} 3',
    'a{b="c"}',
    'a {b="c"} 4',
    'a\t5',
    'a',
    '# a',
    'a 1 # {',
    'a 1 2',
    'up 1',
  ),
  fc.array(fc.constantFrom(...'{}",=\\# \ta1.é'), { maxLength: 12 }).map(parts => parts.join('')),
)
test('two bodies of few lines, whatever they are', t => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 6 }), fc.array(anyLine, { maxLength: 6 }), (first, second) => {
      const comparison = new Comparison(t, { ...TARGET, honorTimestamps: true })
      comparison.scrape(textOf(first), 'first')
      comparison.scrape(textOf(second), 'second')
    }),
    { numRuns: 1000 },
  )
  t.pass()
})
