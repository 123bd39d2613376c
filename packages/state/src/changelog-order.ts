import { AreaKey, type Entry } from '@snapstream/cache/storage'

/**
 * The writes of a checkpoint in the order in which the changelog of an operator gets them. After a crash that leaves the first of
 * them, nothing is told that is not complete: time comes first, so that the messages that are handled again are late where they
 * were counted, and a timer goes last, so that it fires again rather than never.
 */
export function inOrderOfLoss(entries: Iterable<Entry>): Entry[] {
  return Array.from(entries, (entry) => [rankOf(entry), entry] as const)
    .sort(([one], [other]) => one - other)
    .map(([, entry]) => entry)
}

function rankOf({ key, stored }: Entry): number {
  if (!(key instanceof AreaKey) || !key.area.startsWith('~')) return 2
  if (key.area === '~time') return 0
  return stored === undefined ? 3 : 1
}
