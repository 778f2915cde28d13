import type { Label } from '../../shared/target.ts'
import { RelabelError } from '../relabel/error.ts'
import { Re2 } from '../relabel/re2.ts'
import { compileSelector } from '../relabel/selector.ts'
import { isTrue } from './answer.ts'
import { BadRequest } from './bad-request.ts'

/** What the pages of targets are asked to show. */
export type TargetQuery = {
  /** RE2 expression that is searched for in the URL; '' for all. */
  readonly endpointSearch: string
  /** Series selector; '' for all. */
  readonly labelSearch: string
  readonly onlyUnhealthy: boolean
  readonly originalLabels: boolean
}

/** Whether a target is to be shown: its URL has to match, and one of its sets of labels. */
export type TargetFilter = (url: string, ...labels: readonly (() => readonly Label[])[]) => boolean

export function readTargetQuery(args: Readonly<Record<string, string>>): TargetQuery {
  return {
    endpointSearch: args.endpoint_search ?? '',
    labelSearch: args.label_search ?? '',
    onlyUnhealthy: isTrue(args.show_only_unhealthy),
    originalLabels: isTrue(args.show_original_labels),
  }
}

/** True if some targets may be hidden. */
export function isFiltered({ endpointSearch, labelSearch, onlyUnhealthy }: TargetQuery): boolean {
  return endpointSearch !== '' || labelSearch !== '' || onlyUnhealthy
}

/**
 * The filter by URL and by labels.
 *
 * @throws {BadRequest} naming the argument that is wrong
 */
export function compileFilter({ endpointSearch, labelSearch }: TargetQuery): TargetFilter {
  const endpoint = compile('endpoint_search', endpointSearch, source => new Re2(source, false))
  const selects = compile('label_search', labelSearch, compileSelector)
  return (url, ...labels) => {
    if (endpoint !== undefined && !endpoint.test(url)) return false
    return selects === undefined || labels.some(labelsOf => selects(labelsOf()))
  }
}

function compile<T>(argument: string, source: string, make: (source: string) => T): T | undefined {
  if (source === '') return undefined
  try {
    return make(source)
  } catch (cause) {
    if (!(cause instanceof RelabelError)) throw cause
    throw new BadRequest(`argument ${argument}: ${cause.message}`, { cause })
  }
}

/** The query as arguments of a link, with some of it changed. */
export function targetQueryText(query: TargetQuery, changed: Partial<TargetQuery> = {}): string {
  const { endpointSearch, labelSearch, onlyUnhealthy, originalLabels } = { ...query, ...changed }
  const args = new URLSearchParams()
  if (endpointSearch !== '') args.set('endpoint_search', endpointSearch)
  if (labelSearch !== '') args.set('label_search', labelSearch)
  if (onlyUnhealthy) args.set('show_only_unhealthy', 'true')
  if (originalLabels) args.set('show_original_labels', 'true')
  return `?${args}`
}
