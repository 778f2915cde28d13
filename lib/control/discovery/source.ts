import type {
  Discoverer,
  DiscoveryConfig,
  DiscoveryContext,
  DiscoveryKind,
  EndpointErrors,
  TargetGroup,
} from './provider.ts'
import { openDiscoverer } from './registry.ts'

/** A problem that stays is told again after so long. */
const PROBLEM_QUIET_MS = 10 * 60_000
/** Problems that are remembered as told, for each source. */
const PROBLEMS_MAX = 50

export type SourceListener = {
  readonly onChange: (source: Source) => void
  /** @param isNews false if it was told not long ago */
  readonly onProblem: (source: Source, message: string, isNews: boolean) => void
}

/** A discoverer, and what it told last. Owns it; all jobs that have this entry share it. */
export class Source {
  readonly kind: DiscoveryKind
  /** Resolves after the first attempt to discover anything. */
  readonly ready: Promise<void>
  readonly #discoverer: Discoverer
  readonly #toldMs = new Map<string, number>()
  #groups: readonly TargetGroup[] | undefined

  constructor(config: DiscoveryConfig, context: DiscoveryContext, listener: SourceListener) {
    this.kind = config.kind
    this.#discoverer = openDiscoverer(config, context)
    this.ready = this.#discoverer.start({
      onGroups: groups => {
        this.#groups = groups
        listener.onChange(this)
      },
      onProblem: message => listener.onProblem(this, message, this.#isNews(message)),
    })
  }

  /** Undefined until the first time that it could tell. */
  get groups(): readonly TargetGroup[] | undefined {
    return this.#groups
  }

  get endpoint(): EndpointErrors | undefined {
    return this.#discoverer.endpoint
  }

  close(): void {
    this.#discoverer.close()
  }

  #isNews(message: string): boolean {
    const nowMs = performance.now()
    const toldMs = this.#toldMs.get(message)
    if (toldMs !== undefined && nowMs - toldMs < PROBLEM_QUIET_MS) return false
    this.#toldMs.delete(message)
    this.#toldMs.set(message, nowMs)
    const [oldest] = this.#toldMs.keys()
    if (this.#toldMs.size > PROBLEMS_MAX) this.#toldMs.delete(oldest!)
    return true
  }
}
