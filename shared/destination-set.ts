/*
 * A set of destinations in 24 bits, as frames of the ring carry it: bit i stands for destination i. 0 stands for all of
 * them, however many there are.
 */
export const ALL_DESTINATIONS = 0

/** The most destinations that sets can tell apart. */
export const DESTINATIONS_IN_SETS_MAX = 24

/** @param indexes of destinations, each below `DESTINATIONS_IN_SETS_MAX`; one at least */
export function destinationSet(indexes: readonly number[]): number {
  return indexes.reduce((set, index) => set | (1 << index), 0)
}

export function hasDestination(set: number, index: number): boolean {
  return set === ALL_DESTINATIONS || (set & (1 << index)) !== 0
}
