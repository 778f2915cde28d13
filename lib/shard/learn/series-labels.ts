import type { JobSpec, Label, TargetSpec } from '../../../shared/target.ts'
import type { Relabeling } from '../../relabel/compile.ts'
import { keepWhere, METRIC_NAME, type MutableLabel, setLabel } from '../../relabel/labels.ts'
import { isAutoMetricName } from './auto-metrics.ts'

const EXPORTED = 'exported_'
const INTERNAL = '__'

/** Relabeling that the series of a target go through, and the labels that they are sent with besides. */
export type SeriesRules = {
  readonly metric: Relabeling
  readonly remote: Relabeling
  readonly remoteLabels: readonly Label[]
}

/**
 * Gives the series of one target their final labels: those of the line, the target's, what metric relabeling makes of
 * them, external labels, and what remote write relabeling makes of them all. Results are sorted by name in the order
 * of UTF-8, names are unique, values not empty.
 */
export class SeriesLabeler {
  /** What every series of the target has besides its own labels, if no name clashes and no rule applies. Sorted. */
  readonly fixedLabels: readonly Label[]
  readonly #targetLabels: readonly Label[]
  readonly #externalLabels: readonly Label[]
  readonly #honorLabels: boolean
  readonly #metricRules: Relabeling
  readonly #remoteRules: Relabeling
  readonly #remoteLabels: readonly Label[]

  /** @param rules those of the job, and those of remote write; compiled once for all its targets */
  constructor(job: JobSpec, target: TargetSpec, rules: SeriesRules) {
    this.#targetLabels = target.labels
    this.#externalLabels = job.externalLabels
    this.#honorLabels = job.honorLabels
    this.#metricRules = rules.metric
    this.#remoteRules = rules.remote
    this.#remoteLabels = rules.remoteLabels
    const fixed = copy(target.labels)
    dropInternal(fixed)
    addLabels(fixed, job.externalLabels, job.honorLabels)
    this.fixedLabels = finish(fixed)
  }

  /**
   * @param bodyLabels those of the line, without `__name__`; they are changed
   * @returns undefined if relabeling drops the series
   */
  label(name: string, bodyLabels: MutableLabel[]): Label[] | undefined {
    const scraped = this.scrapedLabels(name, bodyLabels)
    return scraped && this.sentLabels(scraped)
  }

  /**
   * The labels that a series of the body has when its scrape is over: limits and `scrape_samples_…` count these.
   *
   * @returns undefined if metric relabeling drops the series
   */
  scrapedLabels(name: string, bodyLabels: MutableLabel[]): Label[] | undefined {
    const isAuto = isAutoMetricName(name) && bodyLabels.every(label => label.value === '')
    const labels = [{ name: METRIC_NAME, value: isAuto && !this.#honorLabels ? EXPORTED + name : name }, ...bodyLabels]
    addLabels(labels, this.#targetLabels, this.#honorLabels)
    keepWhere(labels, label => label.value !== '')
    if (!this.#metricRules.apply(labels)) return undefined
    dropInternal(labels)
    if (labels.length === 0) return undefined
    addLabels(labels, this.#externalLabels, this.#honorLabels)
    return finish(labels)
  }

  /** What remote write relabeling and its labels make of labels; undefined if it drops them. */
  sentLabels(labels: readonly Label[]): Label[] | undefined {
    const changed = copy(labels)
    if (!this.#remoteRules.isEmpty) {
      if (!this.#remoteRules.apply(changed)) return undefined
      dropInternal(changed)
    }
    if (changed.length === 0) return undefined
    for (const { name, value } of this.#remoteLabels) setLabel(changed, name, value)
    const sent = finish(changed)
    return sent.length === 0 ? undefined : sent
  }

  /** Labels of a series that the scrape writes about itself; metric relabeling does not see it. */
  autoMetric(name: string): Label[] | undefined {
    const labels = [{ name: METRIC_NAME, value: name }, ...copy(this.#targetLabels)]
    dropInternal(labels)
    addLabels(labels, this.#externalLabels, this.#honorLabels)
    return this.sentLabels(finish(labels))
  }
}

const copy = (labels: readonly Label[]): MutableLabel[] => labels.map(({ name, value }) => ({ name, value }))

/** Labels for use within relabeling only. */
function dropInternal(labels: MutableLabel[]): void {
  keepWhere(labels, ({ name }) => !name.startsWith(INTERNAL) || name === METRIC_NAME)
}

/**
 * Appends labels that others have given. Where a name is taken, `honorLabels` leaves it as it is; else the label that
 * has it is exported: `job` becomes `exported_job`, for which an `exported_job` becomes `exported_exported_job`, and so
 * on, so that no name comes twice.
 */
function addLabels(labels: MutableLabel[], more: readonly Label[], honorLabels: boolean): void {
  const given = labels.slice()
  for (const { name, value } of more) {
    let taken = given.find(label => label.name === name)
    if (taken !== undefined && honorLabels) continue
    for (let exported = EXPORTED + name; taken !== undefined; exported = EXPORTED + exported) {
      const next = given.find(label => label.name === exported)
      taken.name = exported
      taken = next
    }
    labels.push({ name, value })
  }
}

/** Without empty labels, the last of those with equal names only, sorted. */
function finish(labels: readonly Label[]): Label[] {
  const byName = new Map<string, Label>()
  for (const label of labels) {
    if (label.name !== '' && label.value !== '') byName.set(label.name, label)
  }
  return [...byName.values()].sort((a, b) => compareUtf8(a.name, b.name))
}

/** The order of the UTF-8 bytes of two strings, which UTF-16 units do not have above U+FFFF. */
function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const unitOfA = a.charCodeAt(i)
    const unitOfB = b.charCodeAt(i)
    if (unitOfA === unitOfB) continue
    return rank(unitOfA) - rank(unitOfB)
  }
  return a.length - b.length
}

/** Surrogates stand for the highest code points. */
const rank = (unit: number): number => ((unit & 0xf800) === 0xd800 ? unit + 0x10000 : unit)
