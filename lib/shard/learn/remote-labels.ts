import type { RemoteRules } from '../../../shared/protocol.ts'
import type { Label } from '../../../shared/target.ts'
import { compileRules, type Relabeling } from '../../relabel/compile.ts'
import { copyLabels, dropInternal, setLabel } from '../../relabel/labels.ts'
import { useCompatibleNames } from '../../relabel/naming.ts'
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
 * of the view, then labels that are set on all. Where there are rules, names are made compatible after them, if that is
 * wanted; after those for all destinations, even if there are none. Results are sorted by name in the order of UTF-8,
 * names are unique, values not empty.
 */
export class RemoteLabeler {
  /** As in the specification, one at least. */
  readonly views: readonly RemoteView[]
  readonly #rules: Relabeling
  readonly #compatibleNaming: boolean
  readonly #labels: readonly Label[]

  /** @throws {RelabelError} */
  constructor({ remoteRelabelRules, views, compatibleNaming, remoteLabels }: RemoteRules) {
    this.#rules = compileRules(remoteRelabelRules)
    this.#compatibleNaming = compatibleNaming
    this.#labels = remoteLabels
    this.views = views.map(({ destinations, relabelRules }) => ({ destinations, rules: compileRules(relabelRules) }))
  }

  /** Whether series may go to the view under other labels than they have, or not at all. */
  changes(view: RemoteView): boolean {
    return this.drops(view) || this.#compatibleNaming || this.#labels.length > 0
  }

  /** Whether there are rules, which may keep series from the view. */
  drops(view: RemoteView): boolean {
    return !this.#rules.isEmpty || !view.rules.isEmpty
  }

  /**
   * What labels that many series share become in the view, whatever other labels these have, unless one of them has the
   * same name; undefined if that depends on the rest of the series.
   */
  shared(view: RemoteView, labels: readonly Label[]): readonly Label[] | undefined {
    if (this.drops(view) || this.#compatibleNaming || this.#labels.some(({ value }) => value === '')) return undefined
    return this.#withOwnLabels(labels)
  }

  /** The labels of a series in each view, in the order of `views`; undefined where the series is not sent. */
  inViews(labels: readonly Label[]): readonly (readonly Label[] | undefined)[] {
    const common = this.forAll(labels)
    return this.views.map(view => common && this.forView(view, common))
  }

  /** What the rules for all destinations leave of labels; undefined if they drop the series. */
  forAll(labels: readonly Label[]): readonly Label[] | undefined {
    if (this.#rules.isEmpty && !this.#compatibleNaming) return labels
    return this.#applied(this.#rules, labels)
  }

  /** What a view makes of that; undefined if it drops the series. */
  forView(view: RemoteView, common: readonly Label[]): readonly Label[] | undefined {
    const kept = view.rules.isEmpty ? common : this.#applied(view.rules, common)
    if (kept === undefined || kept.length === 0) return undefined
    const sent = this.#withOwnLabels(kept)
    return sent.length === 0 ? undefined : sent
  }

  #applied(rules: Relabeling, labels: readonly Label[]): readonly Label[] | undefined {
    const changed = copyLabels(labels)
    if (!rules.apply(changed)) return undefined
    dropInternal(changed)
    if (this.#compatibleNaming) useCompatibleNames(changed)
    return changed
  }

  #withOwnLabels(labels: readonly Label[]): readonly Label[] {
    const changed = copyLabels(labels)
    for (const { name, value } of this.#labels) setLabel(changed, name, value)
    return finishLabels(changed)
  }
}
