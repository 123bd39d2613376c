import type { Entry, EntryId } from '../entry/entry.ts'

/** The entries that one member adds to a batch. */
export type Taken = ReadonlyMap<EntryId, Entry>

/** The memory that buffered writes take until a batch takes them, over all members that share a database. */
export interface BufferUse {
  bytes: number
}

/** The writes of a member that the backend does not have yet, as the batches of its database see them. */
export interface PendingWrites {
  /** Whether the next batch, or the next checkpoint, has something to write. */
  readonly isPending: boolean
  /** The number of keys with a write. */
  readonly size: number
  /** Makes the next batch from the queued writes and, if `all`, the buffered ones. One batch at a time. */
  take(all: boolean): Taken
  /** The batch is in the backend. */
  written(): void
  /** The batch failed: its entries wait for the next one, unless a newer write hides them. */
  failed(): void
  /** Drops the buffered writes, as if they had never been made. */
  discard(): void
  /** Drops all writes. */
  clear(): void
}
