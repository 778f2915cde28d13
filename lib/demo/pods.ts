import type { MetricFamily, MetricType } from '../admin/exposition.ts'
import { type Curve, counter, createRandom, gauge, type Random, rounded, scatter } from './curves.ts'

const DEPLOYMENTS = ['cart', 'checkout', 'gateway', 'mailer', 'search', 'worker']
const SLOTS = 30
/** A slot is empty for the last part of each turn. */
const TURN_SECONDS_MIN = 90
const TURN_SECONDS_MAX = 240
const EMPTY_SHARE = 0.1

type PodMetric = {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly curve: (random: Random) => Curve
}

const METRICS: readonly PodMetric[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    type: 'counter',
    help: 'CPU time.',
    curve: random => rounded(counter(0.25, random), 3),
  },
  {
    name: 'container_memory_working_set_bytes',
    type: 'gauge',
    help: 'Memory that cannot be taken back.',
    curve: random => rounded(gauge(2e8, 6e7, random), 0),
  },
  {
    name: 'container_network_receive_bytes_total',
    type: 'counter',
    help: 'Bytes received.',
    curve: random => rounded(counter(80_000, random), 0),
  },
  {
    name: 'container_network_transmit_bytes_total',
    type: 'counter',
    help: 'Bytes sent.',
    curve: random => rounded(counter(60_000, random), 0),
  },
  {
    name: 'container_fs_writes_bytes_total',
    type: 'counter',
    help: 'Bytes written.',
    curve: random => rounded(counter(9000, random), 0),
  },
  {
    name: 'container_threads',
    type: 'gauge',
    help: 'Threads.',
    curve: random => rounded(gauge(30, 12, random), 0),
  },
  {
    name: 'container_open_files',
    type: 'gauge',
    help: 'Open file descriptors.',
    curve: random => rounded(gauge(90, 40, random), 0),
  },
  {
    name: 'kube_pod_ready',
    type: 'gauge',
    help: 'Whether the pod takes traffic.',
    curve: () => () => 1,
  },
]

/**
 * The metrics of a small cluster after so many seconds. Every few seconds a pod vanishes or another one of the same
 * deployment appears, with a name that never was before.
 */
export function podsAt(seconds: number): MetricFamily[] {
  const pods = livePods(seconds)
  return METRICS.map(({ name, type, help, curve }) => ({
    name,
    type,
    help,
    samples: pods.map(({ labels, seed }) => ({ labels, value: curve(createRandom(seed))(seconds) })),
  }))
}

function livePods(seconds: number) {
  return Array.from({ length: SLOTS }, (_, slot) => {
    const random = createRandom(slot + 1)
    const turnSeconds = TURN_SECONDS_MIN + (TURN_SECONDS_MAX - TURN_SECONDS_MIN) * random()
    const turns = seconds / turnSeconds + random()
    const turn = Math.floor(turns)
    const seed = 1 + slot + SLOTS * turn
    const deployment = DEPLOYMENTS[slot % DEPLOYMENTS.length]!
    const pod = `${deployment}-${scatter(seed).toString(36).padStart(7, '0')}`
    return { isLive: turns - turn < 1 - EMPTY_SHARE, seed, labels: { namespace: 'shop', deployment, pod } }
  }).filter(pod => pod.isLive)
}
