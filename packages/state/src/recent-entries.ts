import { bytesOf, type Entry, type EntryId, type Taken } from '@snapstream/cache/storage'

/** The memory that the recent entries of all parts of a store take. */
export interface RecentUse {
  bytes: number
  readonly maxBytes: number
}

/**
 * The entries of a part as its last batches wrote them, for reads: the next message of a key mostly comes soon, and to read
 * its entry from the backend takes longer than everything else that a store does for the message.
 */
export interface RecentEntries {
  readonly isEmpty: boolean
  find(id: EntryId): Entry | undefined
  /** A batch has written these entries. Where they exceed the bound with the older ones, those are dropped. */
  add(written: Taken): void
  clear(): void
}

export function createRecentEntries(use: RecentUse): RecentEntries {
  let entries = new Map<EntryId, Entry>()
  let bytes = 0

  function count(more: number): void {
    bytes += more
    use.bytes += more
  }
  function clear(): void {
    count(-bytes)
    entries = new Map()
  }
  function put(written: Taken): void {
    for (const [id, entry] of written) {
      const older = entries.get(id)
      count(bytesOf(entry) - (older === undefined ? 0 : bytesOf(older)))
      entries.set(id, entry)
    }
  }

  return {
    get isEmpty() {
      return entries.size === 0
    },
    find: (id) => entries.get(id),
    add(written) {
      put(written)
      if (use.bytes <= use.maxBytes) return
      clear()
      put(written)
      if (use.bytes > use.maxBytes) clear()
    },
    clear,
  }
}
