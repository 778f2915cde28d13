import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { RandomBody } from '../support/kernel-bodies.ts'
import { Comparison } from '../support/kernel-comparison.ts'
import { TARGET, textOf } from '../support/kernel-lines.ts'
import type { ModelTarget } from '../support/kernel-model.ts'
import { Random } from '../support/kernel-random.ts'
import { KernelRig } from '../support/kernel-rig.ts'

const START_MS = 1_700_000_000_000

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

test('windows may end behind any line, whether series change or not', t => {
  const random = new Random(6)
  const body = new RandomBody(random, 300, { timestamps: true, garbage: true })
  const target = { ...TARGET, honorTimestamps: true }
  const whole = new KernelRig(t, target)
  const cut = new KernelRig(t, target)
  for (let scrape = 0; scrape < 150; scrape++) {
    const lines = body.text().replace(/\n$/, '').split('\n')
    const windows: string[][] = []
    const linesMax = random.pick([1, 3, 50, 400])
    for (let at = 0; at < lines.length; ) {
      const next = at + random.between(0, linesMax)
      windows.push(lines.slice(at, next))
      at = next
    }
    whole.scrape(textOf(lines), START_MS + scrape)
    cut.scrapeWindows(windows, START_MS + scrape)
    t.true(cut.raw().equals(whole.raw()), `scrape ${scrape}`)
    body.tick()
    if (random.once(2)) body.mutate()
  }
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
