import { SnapstreamError } from '@snapstream/core'
import type { CacheKey } from '../entry/cache-key.ts'
import type { Entry, EntryId } from '../entry/entry.ts'
import { createReads, type CacheReads, type ReadsOptions } from './reads.ts'

/** A cache as it was at one moment, for reading. Its reads reject with `NOT_OPEN` once it or the cache is closed. */
export interface CacheSnapshot<K extends CacheKey, V> extends CacheReads<K, V> {
  /** Releases the snapshot in the backend. A second call does nothing. */
  close(): Promise<void>
  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** Takes a snapshot of the backend; `above` holds the writes that the backend does not have yet. */
export function createSnapshot<K extends CacheKey, V>(
  options: Omit<ReadsOptions<V>, 'above' | 'snapshot'>,
  above: ReadonlyMap<EntryId, Entry>,
): CacheSnapshot<K, V> {
  const { name, opened } = options
  const db = opened()
  if (!db.supports.explicitSnapshots)
    throw new SnapstreamError(
      'UNSUPPORTED',
      `${name} cannot do snapshot(): its backend has no explicit snapshots; a single entries() reads one moment`,
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
