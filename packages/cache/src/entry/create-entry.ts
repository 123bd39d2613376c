import { SnapstreamError } from '@snapstream/core'
import { checkKey, describeKey, idOf, type CacheKey } from './cache-key.ts'
import { DELETE } from './delete.ts'
import { expiryOf, ttlOf, type Entry, type EntryOptions } from './entry.ts'
import { INDEX_HEAD_BYTES, type KeySpace } from './key-space.ts'
import type { ValueFormat } from './value-format.ts'

interface EntriesOptions<V> {
  /** For error messages. */
  readonly name: string
  readonly database: {
    /** The longest key that the backend takes, in bytes; Infinity where there is no limit. */
    readonly maxKeyBytes: number
    /** In ms since the epoch. */
    now(): number
  }
  readonly space: KeySpace
  readonly format: ValueFormat<V>
  /** The time to live of entries without one of their own. */
  readonly ttlMs: number
  /** Whether the keys are in the age index, too. */
  isBounded(): boolean
}

/** Makes the entry of a write. Throws `USAGE` for an invalid key or option, and `ENCODE_FAILED`. */
export type CreateEntry<K extends CacheKey, V> = (key: K, value: V | typeof DELETE, options?: EntryOptions) => Entry<K>

export function createEntries<K extends CacheKey, V>(options: EntriesOptions<V>): CreateEntry<K, V> {
  const { name, database, space, format, ttlMs, isBounded } = options
  const { now } = database

  /** Refuses a key that is too long before it is in a batch: there it would fail the whole batch, again and again. */
  function checkLength(key: K, isIndexed: boolean): void {
    const head = space.start.length
    const room = database.maxKeyBytes - head - (isIndexed ? INDEX_HEAD_BYTES : 0)
    // A UTF-16 unit has three bytes at most: short strings need not be measured.
    if (room === Infinity || (typeof key === 'string' && key.length * 3 <= room)) return
    const own = space.encode(key).length - head
    if (own <= room) return
    throw new SnapstreamError(
      'USAGE',
      `${name} takes keys of ${room} bytes at most, got ${describeKey(key)} with ${own}; shorten it, or put a hash in its place`,
    )
  }

  return (key, value, options) => {
    checkKey(key)
    const stored = value === DELETE ? undefined : format.encode(value, key)
    const expiresAt = value === DELETE ? 0 : expiryOf(ttlOf(options, ttlMs), now)
    checkLength(key, expiresAt !== 0 || isBounded())
    const kept =
      key instanceof Uint8Array ? (new Uint8Array(key) as CacheKey as K) : Object.is(key, -0) ? (0 as K) : key
    return { id: idOf(kept), key: kept, stored, expiresAt }
  }
}
