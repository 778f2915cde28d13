export type DiscoveryKind = 'static_configs' | 'file_sd_configs'

/** Targets that share labels, as one source gives them. */
export type TargetGroup = {
  /** Key of the section of the configuration that it belongs to. */
  readonly kind: DiscoveryKind
  /** Where the group comes from, for messages: a file, or the place in the configuration. */
  readonly source: string
  /** Values of `__address__`. */
  readonly targets: readonly string[]
  /** Labels of all the targets; they may override `__address__` and other labels that a job gives. */
  readonly labels: Readonly<Record<string, string>>
}

/** What a discoverer tells its owner. */
export type DiscoveryListener = {
  /** The complete groups of the discoverer, whenever they changed. */
  readonly onGroups: (groups: readonly TargetGroup[]) => void
  /** Something that a user should know; the discoverer goes on. */
  readonly onProblem: (message: string) => void
}

/** One source of targets. Owns its timers and watchers. */
export interface Discoverer {
  /** Resolves after the first discovery, whether or not it found anything; never rejects. Called once. */
  start(listener: DiscoveryListener): Promise<void>
  /** Nothing is told any more once this was called. */
  close(): void
}
