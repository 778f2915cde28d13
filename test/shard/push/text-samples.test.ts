import { isDeepStrictEqual } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { PushLabeler } from '../../../lib/shard/learn/push-labels.ts'
import { RemoteLabeler } from '../../../lib/shard/learn/remote-labels.ts'
import type { Label, RelabelRuleSpec } from '../../../shared/target.ts'
import { parseExposition } from '../../kernel/reference.ts'
import { RandomBody } from '../../support/kernel-bodies.ts'
import { type ShownSeries, showLabels, showSample } from '../../support/kernel-model.ts'
import { Random } from '../../support/kernel-random.ts'
import { labelsOf } from '../../support/learning.ts'
import { Pushing } from '../../support/pushing.ts'
import { shardOptionsOf } from '../../support/specs.ts'

const START_MS = 1_600_000_000_000
const DROP_RULE: RelabelRuleSpec = {
  action: 'drop',
  sourceLabels: ['drop'],
  separator: ';',
  regex: 'yes',
  targetLabel: '',
  replacement: '$1',
  modulus: 0,
}

/** The samples of a body by the reference parser, one line at a time. */
function expected(text: Buffer, timeMs: number, extraLabels: readonly Label[], hasRule: boolean): ShownSeries[] {
  return parseExposition(text).lines.flatMap(line => {
    const all = new Map([['__name__', line.name]])
    for (const { name, value } of [...line.labels, ...extraLabels]) if (value !== '') all.set(name, value)
    if (hasRule) {
      if (all.get('drop') === 'yes') return []
      for (const name of all.keys()) if (name.startsWith('__') && name !== '__name__') all.delete(name)
    }
    const labels = [...all].map(([name, value]) => ({ name, value }))
    labels.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
    return { labels: showLabels(labels), sample: showSample(line.value, line.timeMs === 0n ? timeMs : line.timeMs) }
  })
}

/** Cuts a body anywhere. */
function piecesOf(random: Random, body: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  const bytesMax = random.pick([100, 5000, 65_536])
  for (let at = 0; at < body.length || pieces.length === 0; ) {
    const next = at + random.between(1, bytesMax)
    pieces.push(body.subarray(at, next))
    at = next
  }
  return pieces
}

async function play(t: ExecutionContext, seed: number, extraLabels: readonly Label[], hasRule: boolean): Promise<void> {
  const random = new Random(seed)
  const series = random.pick([0, 5, 60, 400])
  const body = new RandomBody(random, series, { timestamps: true, garbage: random.once(2) })
  const pushing = new Pushing(t, { ringBytes: 1 << 22, remoteRelabelRules: hasRule ? [DROP_RULE] : [] })
  let rows = 0
  let invalid = 0
  for (let push = 0; push < 10; push++) {
    const text = Buffer.from(body.text())
    const timeMs = START_MS + push
    const result = await pushing.push(piecesOf(random, text), { timeMs, extraLabels })
    t.deepEqual(result, { state: 'done' })
    const reference = parseExposition(text)
    rows += reference.lines.length
    invalid += reference.invalid
    const taken = pushing.take()
    const reckoned = expected(text, timeMs, extraLabels, hasRule)
    if (!isDeepStrictEqual(taken, reckoned)) t.deepEqual(taken, reckoned, `seed ${seed}, push ${push}`)
    t.is(pushing.counters.get('pushPrometheusRows'), rows)
    t.is(pushing.counters.get('pushPrometheusInvalid'), invalid)
    body.tick()
    body.mutate()
  }
}

const EXTRA = labelsOf({ job: 'extra', a: 'overrides', zone: 'z' })
for (const [what, extraLabels, hasRule] of [
  ['no extra labels', [], false],
  ['extra labels', EXTRA, false],
  ['a rule', [], true],
  ['extra labels and a rule', EXTRA, true],
] as const) {
  test(`any body, cut anywhere, is read as by an obvious parser: ${what}`, async t => {
    const seed = Number(process.env.SEED ?? 1)
    for (let run = 0; run < 10; run++) await play(t, seed + run, extraLabels, hasRule)
  })
}

test('the first line that is not valid is found without publishing anything', t => {
  const pushing = new Pushing(t)
  const { samples } = pushing
  const lines = samples.load([Buffer.from('a 1\n# c\n\nb 1 1 1\nc{ 1\n')])
  t.is(samples.firstInvalid(lines, START_MS, PLAIN), 'b 1 1 1')
  t.is(samples.firstInvalid(samples.load([Buffer.from('a 1\nb 2\n')]), START_MS, PLAIN), '')
  t.deepEqual(pushing.take(), [])
})

const labelsWith = (extraLabels: readonly Label[]) => ({
  own: new PushLabeler(extraLabels),
  remote: new RemoteLabeler(shardOptionsOf()),
})
const PLAIN = labelsWith([])

test('labels that are too long for the kernel are left to the host, and a series that is too long is not valid', async t => {
  const pushing = new Pushing(t)
  const { samples } = pushing
  const long = labelsWith(labelsOf({ a: 'x'.repeat(70_000) }))
  const counts = await samples.publish(samples.load([Buffer.from('m 1\n')]), START_MS, long)
  t.deepEqual(counts, { rows: 1, invalid: 0 })
  t.is(pushing.take()[0]!.labels.length, showLabels(labelsOf({ __name__: 'm', a: '' })).length + 70_000)
  const longer = labelsWith(labelsOf({ a: 'x'.repeat(400_000) }))
  const none = await samples.publish(samples.load([Buffer.from('m 1\n')]), START_MS, longer)
  t.deepEqual(none, { rows: 0, invalid: 1 })
  t.deepEqual(pushing.take(), [])
})
