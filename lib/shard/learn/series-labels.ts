import type { JobSpec, Label, TargetSpec } from '../../../shared/target.ts'
import type { Relabeling } from '../../relabel/compile.ts'
import { copyLabels, dropInternal, keepWhere, METRIC_NAME, type MutableLabel } from '../../relabel/labels.ts'
import { isAutoMetricName } from './auto-metrics.ts'
import { finishLabels } from './label-sets.ts'

const EXPORTED = 'exported_'

/**
 * Gives the series of one target the labels that they are scraped with: those of the line, the target's, what metric
 * relabeling makes of them, and external labels. Results are sorted by name in the order of UTF-8, names are unique,
 * values not empty.
 */
export class SeriesLabeler {
  /** What every series of the target has besides its own labels, if no name clashes and no rule applies. Sorted. */
  readonly fixedLabels: readonly Label[]
  readonly #targetLabels: readonly Label[]
  readonly #externalLabels: readonly Label[]
  readonly #honorLabels: boolean
  readonly #metricRules: Relabeling

  /** @param metricRules those of the job; compiled once for all its targets */
  constructor(job: JobSpec, target: TargetSpec, metricRules: Relabeling) {
    this.#targetLabels = target.labels
    this.#externalLabels = job.externalLabels
    this.#honorLabels = job.honorLabels
    this.#metricRules = metricRules
    const fixed = copyLabels(target.labels)
    dropInternal(fixed)
    addLabels(fixed, job.externalLabels, job.honorLabels)
    this.fixedLabels = finishLabels(fixed)
  }

  /**
   * The labels of a series of the body: limits and `scrape_samples_…` count these.
   *
   * @param bodyLabels those of the line, without `__name__`; they are changed
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
    return finishLabels(labels)
  }

  /** Labels of a series that the scrape writes about itself; metric relabeling does not see it. */
  autoMetric(name: string): Label[] {
    const labels = [{ name: METRIC_NAME, value: name }, ...copyLabels(this.#targetLabels)]
    dropInternal(labels)
    addLabels(labels, this.#externalLabels, this.#honorLabels)
    return finishLabels(labels)
  }
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
