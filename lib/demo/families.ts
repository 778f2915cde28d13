import type { MetricFamily } from '../admin/exposition.ts'
import { type Curve, counter, gauge, type Random, rounded } from './curves.ts'

export type LabelSet = Readonly<Record<string, string>>

/** A family whose values move. */
export type MovingFamily = (seconds: number) => MetricFamily

/** Every combination of the values of each label; one empty set if there are no labels. */
export function combine(values: Readonly<Record<string, readonly string[]>>): LabelSet[] {
  return Object.entries(values).reduce<LabelSet[]>(
    (sets, [name, all]) => sets.flatMap(set => all.map(value => ({ ...set, [name]: value }))),
    [{}],
  )
}

/** `count` values such as `eth0`, `eth1`. */
export function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

/** One counter for each set of labels; each grows at a rate of its own, `perSecond` in the mean. */
export function counters(
  [name, help]: readonly [name: string, help: string],
  sets: readonly LabelSet[],
  perSecond: number,
  random: Random,
  digits = 0,
): MovingFamily {
  const series = sets.map(labels => ({
    labels,
    curve: rounded(counter(perSecond * (0.2 + 1.6 * random()), random), digits),
  }))
  return seconds => ({ name, help, type: 'counter', samples: series.map(at(seconds)) })
}

/** One gauge for each set of labels; each moves between nearly 0 and `max`. */
export function gauges(
  [name, help]: readonly [name: string, help: string],
  sets: readonly LabelSet[],
  max: number,
  random: Random,
  digits = 0,
): MovingFamily {
  const series = sets.map(labels => {
    const middle = max * (0.2 + 0.5 * random())
    return { labels, curve: rounded(gauge(middle, Math.min(middle, max - middle) * 0.9, random), digits) }
  })
  return seconds => ({ name, help, type: 'gauge', samples: series.map(at(seconds)) })
}

/** One histogram for each set of labels: latencies around `meanSeconds`. */
export function latencies(
  [name, help]: readonly [name: string, help: string],
  sets: readonly LabelSet[],
  perSecond: number,
  meanSeconds: number,
  random: Random,
): MovingFamily {
  const all = sets.map(labels => ({
    labels,
    mean: meanSeconds * (0.5 + random()),
    count: rounded(counter(perSecond * (0.2 + 1.6 * random()), random), 0),
  }))
  return seconds => ({
    name,
    help,
    type: 'histogram',
    samples: all.flatMap(({ labels, mean, count }) => histogram(labels, mean, count(seconds))),
  })
}

const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** `count` latencies that are distributed exponentially. */
function histogram(labels: LabelSet, meanSeconds: number, count: number): MetricFamily['samples'] {
  const buckets = BOUNDS_SECONDS.map(bound => ({
    suffix: '_bucket' as const,
    labels: { ...labels, le: String(bound) },
    value: Math.floor(count * (1 - Math.exp(-bound / meanSeconds))),
  }))
  return [
    ...buckets,
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: Math.floor(count * meanSeconds * 1000) / 1000 },
    { suffix: '_count', labels, value: count },
  ]
}

function at(seconds: number) {
  return ({ labels, curve }: { labels: LabelSet; curve: Curve }) => ({ labels, value: curve(seconds) })
}
