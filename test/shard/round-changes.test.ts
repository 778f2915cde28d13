import test from 'ava'
import { Comparison } from '../support/kernel-comparison.ts'
import { plainLines, TARGET, textOf } from '../support/kernel-lines.ts'
import { Random } from '../support/kernel-random.ts'

const START_MS = 1_700_000_000_000

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

test('a series whose labels come in another order is no other series', t => {
  const comparison = new Comparison(t, TARGET)
  const { rig } = comparison
  const spellings = [0, 1, 2].map(turn =>
    plainLines(500).map((line, k) => {
      const [labels, value] = line.slice('node_cpu_seconds_total{'.length).split('} ')
      const parts = (k + turn) % 3 === 0 ? labels!.split(',').reverse() : labels!.split(',')
      return `node_cpu_seconds_total{${parts.join(turn === 2 ? ' , ' : ',')}} ${value}`
    }),
  )
  for (const lines of spellings) t.deepEqual(rig.scrape(textOf(lines), START_MS).vanished, [])
  const { vanished: gone } = rig.scrape(textOf(spellings[0]!.slice(0, 490)), START_MS)
  t.is(gone.length, 10)
})

test('a body that repeats one line has an index all the same', t => {
  const { rig } = new Comparison(t, TARGET)
  const lines = Array.from({ length: 100_000 }, () => 'same{a="b"} 1')
  rig.scrape(textOf(lines), START_MS)
  const { counts, vanished: gone } = rig.scrape(textOf(['first 1', ...lines.slice(1)]), START_MS)
  t.deepEqual([counts.scraped, counts.added, gone.length], [100_000, 1, 0])
  t.is(rig.scrape(textOf(['first 1']), START_MS).vanished.length, 99_999)
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
