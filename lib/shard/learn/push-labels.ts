import type { Label } from '../../../shared/target.ts'
import { METRIC_NAME, type MutableLabel, setLabel } from '../../relabel/labels.ts'
import { finishLabels } from './label-sets.ts'

/** Gives pushed series the labels that they come with: their own, and in their place the extra ones of the push. */
export class PushLabeler {
  /** Sorted, unique, none empty. */
  readonly extraLabels: readonly Label[]

  constructor(extraLabels: readonly Label[]) {
    this.extraLabels = finishLabels(extraLabels)
  }

  /** @param ownLabels those of the series, without `__name__`; they are changed */
  label(name: string, ownLabels: readonly MutableLabel[]): Label[] {
    const labels = [{ name: METRIC_NAME, value: name }, ...ownLabels]
    for (const extra of this.extraLabels) setLabel(labels, extra.name, extra.value)
    return finishLabels(labels)
  }
}
