import { SnapstreamError } from '@snapstream/core'
import type { CacheKey } from './cache-key.ts'
import type { CacheSnapshot } from './cache-snapshot.ts'
import type { Entry, EntryId } from './overlay.ts'
import { createReads, type ReadsOptions } from './reads.ts'

/** The backend and the writes that it does not have yet, both as of now. */
export function createSnapshot<K extends CacheKey, V>(
  options: Omit<ReadsOptions<V>, 'above' | 'snapshot'>,
  above: ReadonlyMap<EntryId, Entry>,
): CacheSnapshot<K, V> {
  const { name, opened } = options
  const db = opened()
  if (!db.supports.explicitSnapshots)
    throw new SnapstreamError(
      'UNSUPPORTED',
      `${name} cannot do snapshot(): its backend has no explicit snapshots; read what has to be of one moment with one entries()`,
    )
  const snapshot = db.snapshot()
  let isClosed = false
  const close = async () => {
    isClosed = true
    await snapshot.close()
  }
  const reads = createReads<K, V>({
    ...options,
    above: { isEmpty: above.size === 0, find: (id) => above.get(id), entries: () => above.values() },
    snapshot,
    opened() {
      if (isClosed || opened() !== db)
        throw new SnapstreamError('NOT_OPEN', `this snapshot of ${name} is closed; take a new one`)
      return db
    },
  })
  return { ...reads, close, [Symbol.asyncDispose]: close }
}
