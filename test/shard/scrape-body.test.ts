import { gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { LINE_BYTES_MAX, WINDOW_BYTES } from '../../kernel/layout.ts'
import type { ReceivedBody } from '../../lib/shard/scrape-body.ts'
import type { ModelTarget } from '../support/kernel-model.ts'
import { KernelRig, plain } from '../support/kernel-rig.ts'

const TIME_MS = 1_700_000_000_000
const TARGET: ModelTarget = {
  labels: [{ name: 'job', value: 'node' }],
  honorLabels: false,
  honorTimestamps: false,
  drops: false,
}

const linesOf = (count: number): string =>
  Array.from({ length: count }, (_, k) => `# HELP metric_${k} ${k}\nmetric_${k}{text="größe ${k}"} ${k * 1.5}\n`).join(
    '',
  )

/** A body in two pieces, the second of which begins at `cut`. */
function inTwo(encoding: ReceivedBody['encoding'], body: Uint8Array, cut: number): ReceivedBody {
  return { encoding, chunks: [body.subarray(0, cut), body.subarray(cut)] }
}

/** The names of all series in the block, in order. */
const namesOf = (rig: KernelRig): string[] =>
  rig.series().map(({ labels }) => JSON.parse(/__name__=("[^"]*")/.exec(labels)![1]!) as string)

for (const encoding of ['identity', 'gzip'] as const) {
  test(`a body that comes in two pieces, cut at any byte, is the same body: ${encoding}`, t => {
    const text = linesOf(12)
    const body = encoding === 'gzip' ? gzipSync(text) : Buffer.from(text)
    const rig = new KernelRig(t, TARGET)
    rig.scrape(text, TIME_MS)
    const expected = rig.raw()
    for (let cut = 0; cut <= body.length; cut++) {
      const other = new KernelRig(t, TARGET)
      if (cut % 20 === 0) {
        other.scrape(inTwo(encoding, body, cut), TIME_MS)
        t.true(other.raw().equals(expected), `cut at ${cut}`)
      }
      const { isChanged } = rig.scrape(inTwo(encoding, body, cut), TIME_MS)
      t.true(!isChanged && rig.raw().equals(expected), `cut at ${cut}`)
    }
  })

  test(`a body that comes byte by byte is the same body: ${encoding}`, t => {
    const text = linesOf(30)
    const body = encoding === 'gzip' ? gzipSync(text) : Buffer.from(text)
    const rig = new KernelRig(t, TARGET)
    rig.scrape(text, TIME_MS)
    const chunks = Array.from(body, (_, at) => body.subarray(at, at + 1))
    t.false(rig.scrape({ encoding, chunks }, TIME_MS).isChanged)
    t.is(rig.reader.textBytes, Buffer.byteLength(text))
  })
}

test('a line may lie across the end of the window at any of its bytes', t => {
  const before = linesOf(8000)
  const text = before + linesOf(60).replaceAll('metric', 'later')
  const padding = WINDOW_BYTES - Buffer.byteLength(before) - 600
  t.true(padding > 0)
  const rig = new KernelRig(t, TARGET)
  rig.scrape(text, TIME_MS)
  const expected = rig.raw()
  for (let more = 0; more < 130; more++) {
    const body = `#${' '.repeat(padding + more)}\n${text}`
    t.true(Buffer.byteLength(body) > WINDOW_BYTES)
    t.false(rig.scrape(body, TIME_MS).isChanged)
    t.true(rig.raw().equals(expected), `${more} bytes more`)
  }
})

test('a body of many windows is read to its end, compressed or not', t => {
  const text = linesOf(40_000)
  const rig = new KernelRig(t, TARGET)
  t.is(rig.scrape(text, TIME_MS).counts.scraped, 40_000)
  t.true(rig.reader.textBytes > WINDOW_BYTES * 4)
  t.false(rig.scrape({ encoding: 'gzip', chunks: [gzipSync(text)] }, TIME_MS).isChanged)
  t.is(rig.reader.textBytes, Buffer.byteLength(text))
})

/** Scrapes a line between two others, twice, and gives what the first time found. */
function scrapeBetween(t: ExecutionContext, line: string): { names: string[]; invalid: number; oversized: number } {
  const rig = new KernelRig(t, TARGET)
  const text = `first 1\n${line}\nlast 2\n`
  const { counts } = rig.scrape(text, TIME_MS)
  const oversized = rig.reader.oversizedLines
  t.false(rig.scrape(text, TIME_MS).isChanged)
  return { names: namesOf(rig), invalid: counts.invalid, oversized }
}

const longKey = (bytes: number): string => `long{text="${'x'.repeat(bytes - 'long{text=""}'.length)}"}`

test('a key of up to 256 KiB is that of a series, a longer one is not valid', t => {
  const all = ['first', 'long', 'last']
  const others = ['first', 'last']
  t.deepEqual(scrapeBetween(t, `${longKey(LINE_BYTES_MAX)} 3`), { names: all, invalid: 0, oversized: 0 })
  t.deepEqual(scrapeBetween(t, `${longKey(LINE_BYTES_MAX + 1)} 3`), { names: others, invalid: 1, oversized: 0 })
  t.deepEqual(scrapeBetween(t, `${longKey(WINDOW_BYTES - 100)} 3`), { names: others, invalid: 1, oversized: 0 })
})

test('a key of 256 KiB may hold many labels, or text that the slow path reads', t => {
  const label = (k: number) => `l${k}="${'y'.repeat(400)}",`
  const many = Array.from({ length: 511 }, (_, k) => label(k)).join('')
  const tooMany = Array.from({ length: 600 }, (_, k) => label(k)).join('')
  const escaped = `escaped{text="\\n${'ü'.repeat(130_000)}"}`
  for (const key of [`many{${many}}`, `too_many{${tooMany}}`, escaped]) {
    t.deepEqual(scrapeBetween(t, `${key} 3`).names, ['first', key.slice(0, key.indexOf('{')), 'last'])
  }
})

test('a line longer than the window is counted and left out, wherever it ends', t => {
  for (const bytes of [WINDOW_BYTES - 8, WINDOW_BYTES, WINDOW_BYTES + 1, WINDOW_BYTES * 2 - 9, WINDOW_BYTES * 3]) {
    for (const more of [0, 1, 2, 7, 8, 9]) {
      const { names, invalid, oversized } = scrapeBetween(t, longKey(bytes + more))
      t.deepEqual(names, ['first', 'last'])
      t.is(invalid + oversized, 1, `${bytes} + ${more}`)
    }
  }
})

test('a comment longer than the window is no invalid line', t => {
  const comment = `# ${'x'.repeat(WINDOW_BYTES * 2)}`
  t.deepEqual(scrapeBetween(t, comment), { names: ['first', 'last'], invalid: 0, oversized: 0 })
})

test('the last line of a body needs no line feed, and is invalid if it is not whole', t => {
  const rig = new KernelRig(t, TARGET)
  rig.scrape('first 1\nlast 2', TIME_MS)
  t.deepEqual(namesOf(rig), ['first', 'last'])
  t.false(rig.scrape('first 1\nlast 2\n', TIME_MS).isChanged)
  t.false(rig.scrape('first 1\nlast 2\n# no more', TIME_MS).isChanged)
  for (const last of ['cut{text="grö', 'cut ', longKey(WINDOW_BYTES - 20)]) {
    t.is(rig.scrape(`first 1\n${last}`, TIME_MS).counts.invalid, 1)
    t.deepEqual(namesOf(rig), ['first'])
  }
  rig.scrape(`first 1\n${longKey(WINDOW_BYTES + 10)}`, TIME_MS)
  t.is(rig.reader.oversizedLines, 1)
  t.deepEqual(namesOf(rig), ['first'])
})

/** Scrapes what cannot be scraped, and checks that the block, and the scrape after it, know nothing of it. */
function refuses(
  t: ExecutionContext,
  rig: KernelRig,
  body: ReceivedBody | string,
  code: string,
  bytesMax?: number,
): void {
  const { block } = rig
  t.throws(() => rig.scrape(body, TIME_MS + 1000, bytesMax), { code })
  t.is(rig.block, block)
}

const gzip = (chunk: Uint8Array): ReceivedBody => ({ encoding: 'gzip', chunks: [chunk] })

test('a body that is cut short or damaged fails the scrape and leaves the block as it was', t => {
  const rig = new KernelRig(t, TARGET)
  const text = linesOf(300)
  rig.scrape(text, TIME_MS)
  const expected = rig.raw()
  const changed = gzipSync(text.replaceAll('größe', 'grösse'))
  for (let cut = 1; cut < changed.length; cut += 13) refuses(t, rig, gzip(changed.subarray(0, cut)), 'TARGET_BODY')
  refuses(t, rig, gzip(changed.subarray(0, -1)), 'TARGET_BODY')
  const damaged = Buffer.from(changed)
  damaged[damaged.length - 5]! ^= 1
  refuses(t, rig, gzip(damaged), 'TARGET_BODY')
  refuses(t, rig, gzip(Buffer.from(text)), 'TARGET_BODY')
  t.false(rig.scrape(text, TIME_MS).isChanged)
  t.true(rig.raw().equals(expected))
})

test('a body over the byte limit fails the scrape, and one of just the limit does not', t => {
  const rig = new KernelRig(t, TARGET)
  const text = linesOf(100)
  const bytes = Buffer.byteLength(text)
  for (const body of [plain(Buffer.from(text)), gzip(gzipSync(text))]) {
    refuses(t, rig, body, 'BODY_TOO_LARGE', bytes - 1)
    t.is(rig.scrape(body, TIME_MS, bytes).counts.scraped, 100)
  }
})

test('garbage is no series: its lines are counted and the others are kept', t => {
  const rig = new KernelRig(t, TARGET)
  const garbage = Buffer.from(Array.from({ length: 5000 }, (_, k) => (k * 7919 * (k >> 3)) & 0xff))
  const body = Buffer.concat([Buffer.from('first 1\n'), garbage, Buffer.from('\nlast 2\n')])
  const { counts } = rig.scrape(plain(body), TIME_MS)
  const names = namesOf(rig)
  t.is(names[0], 'first')
  t.is(names.at(-1), 'last')
  t.true(counts.invalid > 0)
  t.is(counts.scraped, names.length)
})
