/** The address of target number `index`, in 127.0.0.0/8; none ends in 0 or 255. */
export function targetAddress(index: number): string {
  return `127.${1 + Math.floor(index / 62500)}.${1 + (Math.floor(index / 250) % 250)}.${1 + (index % 250)}`
}

export type ScrapeConfig = {
  readonly targets: number
  /** Where the simulator listens, on all the addresses of its targets. */
  readonly port: number
  readonly intervalSeconds: number
  /** Further YAML for the job, indented by two spaces. */
  readonly yaml?: string
}

/** A scrape configuration, for any agent, with all targets of a simulator as one job. */
export function scrapeConfig({ targets, port, intervalSeconds, yaml }: ScrapeConfig): string {
  return [
    'scrape_configs:',
    '- job_name: bench',
    `  scrape_interval: ${intervalSeconds}s`,
    ...(yaml === undefined ? [] : [yaml]),
    '  static_configs:',
    '  - targets:',
    ...Array.from({ length: targets }, (_, index) => `    - '${targetAddress(index)}:${port}'`),
    '',
  ].join('\n')
}
