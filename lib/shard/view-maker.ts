import { AUTO_LABELS_BYTES_MAX, autoBlock } from './auto-chunk.ts'
import type { Kernel } from './kernel.ts'
import { type AutoMetric, autoMetricsOf } from './learn/auto-metrics.ts'
import { encodeLabels } from './learn/encode-series.ts'
import type { RemoteLabeler, RemoteView } from './learn/remote-labels.ts'
import type { TargetState } from './target-state.ts'
import { type AutoPlan, type FormerSeries, TargetView } from './target-view.ts'

/** The auto metrics of one target for one view, with their encoded labels. */
type AutoSeries = { readonly plan: AutoPlan; readonly labels: readonly Uint8Array[] }

/** Makes the views of targets before their first scrape, and anew when other rules are in force. */
export class ViewMaker {
  readonly remote: RemoteLabeler
  readonly #kernel: Kernel
  /** All targets of the same kind share a plan. */
  readonly #plans = new Map<string, AutoPlan>()

  /** @param remote what is in force from now on */
  constructor(kernel: Kernel, remote: RemoteLabeler) {
    this.#kernel = kernel
    this.remote = remote
  }

  /** Whether the target's views are as they have to be. */
  isDone(target: TargetState): boolean {
    return target.remote === this.remote
  }

  /**
   * Gives the target views without series of the body; those that it had until now, or that it had as another, become
   * their former series.
   */
  make(target: TargetState): void {
    const before = target.predecessor ?? target
    const views = this.remote.views.map((view, index) => {
      const series = autoSeries(target, this.remote, view)
      const made = new TargetView(view, this.#shared(series.plan), autoBlock(this.#kernel, series.labels))
      const former = before.views[index]
      if (former !== undefined) made.former = formerSeries(before, former, series)
      return made
    })
    target.views = views
    target.predecessor = undefined
    target.remote = this.remote
  }

  #shared(plan: AutoPlan): AutoPlan {
    const key = JSON.stringify(plan)
    const known = this.#plans.get(key)
    if (known === undefined) this.#plans.set(key, plan)
    return known ?? plan
  }
}

function autoSeries(target: TargetState, remote: RemoteLabeler, view: RemoteView): AutoSeries {
  const labeler = target.labeler()
  const metrics: AutoMetric[] = []
  const labels: Uint8Array[] = []
  let droppedByAll = 0
  let droppedByView = 0
  for (const metric of autoMetricsOf(target.spec)) {
    const common = remote.forAll(labeler.autoMetric(metric))
    const sent = common && remote.forView(view, common)
    if (common === undefined) droppedByAll++
    else if (sent === undefined) droppedByView++
    const encoded = sent && encodeLabels(sent)
    if (encoded === undefined || encoded.length > AUTO_LABELS_BYTES_MAX) continue
    metrics.push(metric)
    labels.push(encoded)
  }
  return { plan: { metrics, droppedByAll, droppedByView }, labels }
}

/** What a target has had in a view before, and `next` takes the place of. */
function formerSeries(target: TargetState, before: TargetView, next: AutoSeries): FormerSeries {
  const kept = new Set(next.labels.map(labels => Buffer.from(labels).toString('latin1')))
  const { labels } = autoSeries(target, target.remote!, before.view)
  const autoMetricsGone = labels.filter(labels => !kept.has(Buffer.from(labels).toString('latin1')))
  return { block: before.block, autoMetricsGone }
}
