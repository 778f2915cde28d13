import { ALL_DESTINATIONS, DESTINATIONS_IN_SETS_MAX, destinationSet } from '../../shared/destination-set.ts'
import type { ViewSource } from '../control/relabel-config.ts'
import { FlagError } from './flag-error.ts'
import type { Flags } from './flags.ts'

/**
 * The files of `-remoteWrite.urlRelabelConfig`, each with the destinations that it belongs to; an empty path has those
 * that none belongs to. In the order of the first destination of each.
 *
 * @throws {FlagError} there are more files than URLs, or more destinations than can differ
 */
export function toRelabelViews(flags: Flags): readonly ViewSource[] {
  const destinations = [...flags.strings('remoteWrite.url').keys()]
  const files = flags.strings('remoteWrite.urlRelabelConfig').length
  if (files > destinations.length) {
    throw new FlagError(
      `flag -remoteWrite.urlRelabelConfig has ${files} values for ${destinations.length} of -remoteWrite.url; give one ` +
        'for each URL, or one for all',
    )
  }
  const pathOf = (destination: number) => flags.stringForUrl('remoteWrite.urlRelabelConfig', destination)
  const views = [...Map.groupBy(destinations, pathOf)]
  if (views.length === 1) return views.map(([path]) => ({ path, destinations: ALL_DESTINATIONS }))
  if (destinations.length > DESTINATIONS_IN_SETS_MAX) {
    throw new FlagError(
      `flag -remoteWrite.urlRelabelConfig differs between ${destinations.length} destinations; it may for at most ` +
        `${DESTINATIONS_IN_SETS_MAX}: start another agent for the others`,
    )
  }
  return views.map(([path, members]) => ({ path, destinations: destinationSet(members) }))
}
