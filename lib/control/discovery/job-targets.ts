import type { JobSpec } from '../../../shared/target.ts'
import type { JobConfig, ScrapeOptions } from '../config/types.ts'
import { type BuiltTargets, TargetBuilder } from '../targets.ts'
import type { TargetGroup } from './provider.ts'
import type { Source } from './source.ts'

/** Problems with targets that are told one by one; of the rest only the number is. */
const PROBLEMS_TOLD_MAX = 20

/** The targets of one job, built from what its sources found. */
export class JobTargets {
  readonly name: string
  readonly #builder: TargetBuilder
  readonly #sources: readonly Source[]
  /** What the job had from sources that are gone; it stands in for those of the same kind that have not told yet. */
  #inherited: readonly TargetGroup[]
  /** The job before it, whose targets stay in force until the sources of this one have had time to tell. */
  #before: JobTargets | undefined
  #isSettled = false
  /** Undefined while groups have changed since the last build. */
  #built: BuiltTargets | undefined
  /** Problems with targets that were told. */
  #told: ReadonlySet<string> = new Set()

  /** @param before the job of this name in the configuration before, if there was one */
  constructor(job: JobConfig, sources: readonly Source[], before: JobTargets | undefined, options: ScrapeOptions) {
    this.name = job.jobName
    this.#builder = new TargetBuilder(job, options)
    this.#sources = sources
    this.#before = before
    this.#inherited = before?.groupsOfOthers(sources) ?? []
  }

  /** Resolves when all sources have tried to discover their targets. */
  async ready(): Promise<void> {
    await Promise.all(this.#sources.map(source => source.ready))
  }

  /** From now on the targets are what the sources have told, whether or not all of them have. */
  settle(): void {
    this.#isSettled = true
    this.#before = undefined
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Something that a source found has changed. */
  changed(source: Source): void {
    if (this.#sources.includes(source)) this.#built = undefined
  }

  /** What all targets of the job share. */
  get jobSpec(): JobSpec {
    return this.#before?.jobSpec ?? this.#builder.jobSpec
  }

  /** @param onProblem is told of targets that are left out, of each once */
  targets(onProblem: (message: string) => void): BuiltTargets {
    if (this.#before !== undefined) return this.#before.targets(onProblem)
    if (this.#built === undefined) {
      this.#built = this.#builder.build(this.#groups())
      this.#tell(this.#built.problems, onProblem)
    }
    return this.#built
  }

  #tell(problems: readonly string[], onProblem: (message: string) => void): void {
    const news = problems.filter(problem => !this.#told.has(problem))
    for (const problem of news.slice(0, PROBLEMS_TOLD_MAX)) onProblem(problem)
    const untold = news.length - PROBLEMS_TOLD_MAX
    if (untold > 0) onProblem(`job ${this.name}: ${untold} more problems with targets`)
    this.#told = new Set(problems)
  }

  /** What the job has from other sources than these. */
  groupsOfOthers(sources: readonly Source[]): readonly TargetGroup[] {
    const others = this.#sources.filter(source => !sources.includes(source))
    return [...others.flatMap(source => source.groups ?? []), ...this.#standIns()]
  }

  #groups(): readonly TargetGroup[] {
    return [...this.#sources.flatMap(source => source.groups ?? []), ...this.#standIns()]
  }

  #standIns(): readonly TargetGroup[] {
    const silent = new Set(this.#sources.filter(source => source.groups === undefined).map(source => source.kind))
    this.#inherited = this.#inherited.filter(group => silent.has(group.kind))
    return this.#inherited
  }
}
