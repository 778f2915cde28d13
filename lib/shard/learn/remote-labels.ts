import type { RemoteRules } from '../../../shared/protocol.ts'
import type { Label } from '../../../shared/target.ts'
import { compileRules, type Relabeling } from '../../relabel/compile.ts'
import { copyLabels, dropInternal, setLabel } from '../../relabel/labels.ts'
import { finishLabels } from './label-sets.ts'

/** Destinations that get the same series under the same labels. */
export type RemoteView = {
  /** A set of shared/destination-set.ts. */
  readonly destinations: number
  /** Applied after the rules for all destinations. */
  readonly rules: Relabeling
}

/**
 * What remote write makes of the labels of a series, for each view: rules for all destinations come first, then those
 * of the view, then labels that are set on all. Results are sorted by name in the order of UTF-8, names are unique,
 * values not empty.
 */
export class RemoteLabeler {
  /** As in the specification, one at least. */
  readonly views: readonly RemoteView[]
  readonly #rules: Relabeling
  readonly #labels: readonly Label[]

  /** @throws {RelabelError} */
  constructor({ remoteRelabelRules, views, remoteLabels }: RemoteRules) {
    this.#rules = compileRules(remoteRelabelRules)
    this.#labels = remoteLabels
    this.views = views.map(({ destinations, relabelRules }) => ({ destinations, rules: compileRules(relabelRules) }))
  }

  /** Whether series may go to the view under other labels than they have, or not at all. */
  changes(view: RemoteView): boolean {
    return this.drops(view) || this.#labels.length > 0
  }

  /** Whether there are rules, which may keep series from the view. */
  drops(view: RemoteView): boolean {
    return !this.#rules.isEmpty || !view.rules.isEmpty
  }

  /** The labels of a series in each view, in the order of `views`; undefined where the series is not sent. */
  inViews(labels: readonly Label[]): readonly (readonly Label[] | undefined)[] {
    const common = this.forAll(labels)
    return this.views.map(view => common && this.forView(view, common))
  }

  /** What the rules for all destinations leave of labels; undefined if they drop the series. */
  forAll(labels: readonly Label[]): readonly Label[] | undefined {
    return applied(this.#rules, labels)
  }

  /** What a view makes of that; undefined if it drops the series. */
  forView(view: RemoteView, common: readonly Label[]): readonly Label[] | undefined {
    const kept = applied(view.rules, common)
    if (kept === undefined || kept.length === 0) return undefined
    const changed = copyLabels(kept)
    for (const { name, value } of this.#labels) setLabel(changed, name, value)
    const sent = finishLabels(changed)
    return sent.length === 0 ? undefined : sent
  }
}

/** Without rules nothing is touched. */
function applied(rules: Relabeling, labels: readonly Label[]): readonly Label[] | undefined {
  if (rules.isEmpty) return labels
  const changed = copyLabels(labels)
  if (!rules.apply(changed)) return undefined
  dropInternal(changed)
  return changed
}
