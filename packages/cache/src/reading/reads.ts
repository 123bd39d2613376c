import { Buffer } from 'node:buffer'
import { SnapstreamError } from '@snapstream/core'
import type { AbstractSnapshot } from 'abstract-level'
import { backendError } from '../backend/backend-error.ts'
import type { Backend } from '../backend/backend.ts'
import { idOf, type CacheKey } from '../entry/cache-key.ts'
import { hasExpired, type Entry, type EntryId } from '../entry/entry.ts'
import type { KeySpace } from '../entry/key-space.ts'
import { encodeRange, type CacheRange } from '../entry/range.ts'
import { bodyOf } from '../entry/stored-head.ts'
import type { ValueFormat } from '../entry/value-format.ts'
import { mergeEntries, type RawEntry } from './merge-entries.ts'

/** Reads of a cache, and of a snapshot of one. */
export interface CacheReads<K extends CacheKey, V> {
  /**
   * Reads the value of a key; undefined if the key has none. A value that is written after an `await` may overwrite one
   * that was written meanwhile: use `transaction` to read and write. Rejects with `NOT_OPEN`, `USAGE`, `DECODE_FAILED`,
   * `CACHE_CORRUPT` and `CACHE_FAILED`.
   */
  get(key: K): Promise<V | undefined>
  /**
   * The same without a promise, for handlers that must not await. Throws as `get` rejects, and `UNSUPPORTED` where the
   * backend has no synchronous reads.
   */
  getSync(key: K): V | undefined
  /** Reads several keys with one call to the backend. Returns their values in the order of the keys. Rejects as `get` does. */
  getMany(keys: readonly K[]): Promise<(V | undefined)[]>
  /** Whether the key has a value. Rejects as `get` does. */
  has(key: K): Promise<boolean>
  /**
   * Iterates over the entries of a range (by default all of this cache) in the order of their keys, as they were when the
   * first one was asked for. Rejects as `get` does.
   *
   * @example
   * for await (const [key, value] of cache.entries({ gte: 'a', lt: 'b', limit: 10 })) console.log(key, value)
   */
  entries(range?: CacheRange<K>): AsyncIterableIterator<readonly [key: K, value: V]>
  /** The same for the keys alone: no value is decoded. */
  keys(range?: CacheRange<K>): AsyncIterableIterator<K>
  /** The same for the values alone. */
  values(range?: CacheRange<K>): AsyncIterableIterator<V>
}

/** Writes that hide the entries of the backend. */
interface Above {
  readonly isEmpty: boolean
  find(id: EntryId): Entry | undefined
  entries(): Iterable<Entry>
}

export interface ReadsOptions<V> {
  /** For error messages. */
  readonly name: string
  readonly format: ValueFormat<V>
  readonly space: KeySpace
  readonly above: Above
  /** Throws while the cache is not open. */
  opened(): Backend
  /** In ms since the epoch: entries that have expired by then are not shown. */
  now(): number
  /** Whether any entry in the backend may expire. */
  mayExpire(): boolean
  /** Reads this in place of the newest state. */
  readonly snapshot?: AbstractSnapshot
}

/** Reads the writes above first, then the backend. */
export function createReads<K extends CacheKey, V>(options: ReadsOptions<V>): CacheReads<K, V> {
  const { name, format, space, above, opened, now, mayExpire, snapshot } = options
  const KEY = { keyEncoding: 'buffer', ...(snapshot && { snapshot }) } as const
  const BYTES = { ...KEY, valueEncoding: 'buffer' } as const
  const TEXT = { ...KEY, valueEncoding: 'utf8' } as const
  const find = (key: K) => (above.isEmpty ? undefined : above.find(idOf(key)))

  const decodeFrom = (db: Backend, bytes: Buffer, key: CacheKey) =>
    db.supports.permanence ? format.decode(bytes, key) : format.decodeCopy(bytes, key)
  const decodeStored = (db: Backend, stored: Buffer | undefined, key: CacheKey) => {
    const bytes = stored === undefined ? undefined : bodyOf(stored, now)
    return bytes === undefined ? undefined : decodeFrom(db, bytes, key)
  }
  const isGone = ({ stored, expiresAt }: Entry) => stored === undefined || hasExpired(expiresAt, now)
  const valueOf = (entry: Entry) => (isGone(entry) ? undefined : format.decodeEntry(entry))

  async function* read<T>(range: CacheRange, pick: (db: Backend, raw: RawEntry) => T): AsyncGenerator<T, void> {
    const db = opened()
    const encoded = encodeRange(range, space)
    try {
      for await (const raw of mergeEntries(db, above.entries(), encoded, BYTES, now, space.encode)) yield pick(db, raw)
    } catch (error) {
      throw backendError(error, name, 'reading entries')
    }
  }
  const pickKey = (_: Backend, [bytes]: RawEntry) => space.decode(bytes) as K
  const pickEntry = (db: Backend, [bytes, value]: RawEntry): readonly [key: K, value: V] => {
    const key = space.decode(bytes) as K
    return [key, Buffer.isBuffer(value) ? decodeFrom(db, value, key) : format.decodeEntry(value)]
  }

  return {
    async get(key) {
      const db = opened()
      const encodedKey = space.encode(key)
      const entry = find(key)
      if (entry) return valueOf(entry)
      const bytes = await db.get<Buffer, Buffer>(encodedKey, BYTES).catch((error: unknown) => {
        throw backendError(error, name, 'reading')
      })
      return decodeStored(db, bytes, key)
    },
    getSync(key) {
      const db = opened()
      const encodedKey = space.encode(key)
      // Not in the manifest's types yet.
      if (!(db.supports as { getSync?: boolean }).getSync)
        throw new SnapstreamError(
          'UNSUPPORTED',
          `${name} cannot do getSync(): its backend has no synchronous reads; use await cache.get(key)`,
        )
      const entry = find(key)
      if (entry) return valueOf(entry)
      try {
        if (format.encoding === 'utf8') {
          const text = db.getSync<Buffer, string>(encodedKey, TEXT)
          if (text === undefined) return undefined
          // A replacement character may stand for bytes that are not UTF-8: then the bytes are read below.
          if (!text.includes('\uFFFD')) {
            const body = bodyOf(text, now)
            return body === undefined ? undefined : format.decode(body, key)
          }
        }
        return decodeStored(db, db.getSync<Buffer, Buffer>(encodedKey, BYTES), key)
      } catch (error) {
        throw backendError(error, name, 'reading')
      }
    },
    async getMany(keys) {
      const db = opened()
      const encodedKeys = keys.map((key) => space.encode(key))
      // Looked up before the first await, so that all are of one moment.
      const entries = keys.map(find)
      const missing = encodedKeys.filter((_, i) => entries[i] === undefined)
      const stored = await db.getMany<Buffer, Buffer>(missing, BYTES).catch((error: unknown) => {
        throw backendError(error, name, `reading ${missing.length} entries`)
      })
      let next = 0
      return keys.map((key, i) => {
        const entry = entries[i]
        return entry ? valueOf(entry) : decodeStored(db, stored[next++], key)
      })
    },
    async has(key) {
      const db = opened()
      const encodedKey = space.encode(key)
      const entry = find(key)
      if (entry) return !isGone(entry)
      try {
        if (db.supports.has && !mayExpire()) return await db.has(encodedKey, KEY)
        const stored = await db.get<Buffer, Buffer>(encodedKey, BYTES)
        return stored !== undefined && bodyOf(stored, now) !== undefined
      } catch (error) {
        throw backendError(error, name, 'reading')
      }
    },
    entries: (range = {}) => read(range, pickEntry),
    keys: (range = {}) => read(range, pickKey),
    values: (range = {}) => read(range, (db, raw) => pickEntry(db, raw)[1]),
  }
}
