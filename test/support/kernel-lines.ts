import type { ModelTarget } from './kernel-model.ts'

/** A target with labels, and without anything special. */
export const TARGET: ModelTarget = {
  labels: [
    { name: 'instance', value: '127.0.0.1:9100' },
    { name: 'job', value: 'node' },
  ],
  honorLabels: false,
  honorTimestamps: false,
  drops: false,
}

/** Lines of `count` series, without line feeds. */
export const plainLines = (count: number, value = 1): string[] =>
  Array.from({ length: count }, (_, k) => `node_cpu_seconds_total{cpu="${k >> 3}",mode="m${k & 7}"} ${value + k / 8}`)

export const textOf = (lines: readonly string[]): string => `${lines.join('\n')}\n`
