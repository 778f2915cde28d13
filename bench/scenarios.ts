/** A load to measure under. Durations are defaults that the command line may override. */
export type Scenario = {
  readonly about: string
  readonly targets: number
  readonly series: number
  readonly intervalSeconds: number
  /** Fraction of the series that is replaced every scrape. */
  readonly churn: number
  readonly warmupSeconds: number
  readonly windowSeconds: number
  /** Metric relabeling of every target, as YAML, and the metric names that it drops. */
  readonly relabel?: { readonly yaml: string; readonly dropped: RegExp }
  /** Destinations with relabeling of their own; one without any if absent. */
  readonly destinations?: readonly Destination[]
}

/** What a destination has in its `urlRelabelConfig`, and the metric names that it drops. */
export type Destination = { readonly yaml: string; readonly dropped?: RegExp }

// Penstock's compiler is still at work half a minute after the start; agents run for months.
const STEADY = { targets: 200, series: 1000, intervalSeconds: 1, churn: 0, warmupSeconds: 60, windowSeconds: 30 }
const DROPPED = 'node_schedstat_.+|go_.+'

export const SCENARIOS = {
  steady: { ...STEADY, about: '200 targets x 1000 series every second' },
  small: { ...STEADY, about: '1000 targets x 100 series every second', targets: 1000, series: 100 },
  relabel: {
    ...STEADY,
    about: 'steady, with metric relabeling: drop by name, labelmap, labeldrop',
    relabel: {
      dropped: new RegExp(`^(?:${DROPPED})$`),
      yaml: [
        '  metric_relabel_configs:',
        `  - {action: drop, source_labels: [__name__], regex: '${DROPPED}'}`,
        `  - {action: labelmap, regex: '(mountpoint|name)', replacement: 'source_$1'}`,
        `  - {action: labeldrop, regex: 'mountpoint|name|fstype'}`,
      ].join('\n'),
    },
  },
  views: {
    ...STEADY,
    about: 'steady, to two destinations with relabeling of their own: a label set; drop by name, labeldrop',
    destinations: [
      { yaml: `- {target_label: cluster, replacement: north}\n` },
      {
        dropped: new RegExp(`^(?:${DROPPED})$`),
        yaml: [
          `- {action: drop, source_labels: [__name__], regex: '${DROPPED}'}`,
          `- {action: labeldrop, regex: 'fstype'}`,
          '',
        ].join('\n'),
      },
    ],
  },
  wide: {
    ...STEADY,
    about: '6000 targets x 1000 series every 30 seconds; memory counts',
    targets: 6000,
    intervalSeconds: 30,
    warmupSeconds: 75,
    windowSeconds: 60,
  },
  churn1: { ...STEADY, about: 'steady, with 1 % of the series replaced every scrape', churn: 0.01 },
  churn100: { ...STEADY, about: '50 targets x 1000 series, all of them new in every scrape', targets: 50, churn: 1 },
  soak: {
    ...STEADY,
    about: '50 targets x 1000 series every second, 1 % replaced every scrape, for --minutes; memory must not creep',
    targets: 50,
    churn: 0.01,
    warmupSeconds: 60,
    windowSeconds: 600,
  },
} as const satisfies Record<string, Scenario>
export type ScenarioName = keyof typeof SCENARIOS

/** The load of `--smoke`: so small that it runs anywhere, with every sample checked. */
export const SMOKE: Scenario = {
  about: '5 targets x 50 series every second, 10 % replaced every scrape, every sample checked',
  targets: 5,
  series: 50,
  intervalSeconds: 1,
  churn: 0.1,
  warmupSeconds: 2,
  windowSeconds: 3,
}
