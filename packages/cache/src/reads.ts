import { Buffer } from 'node:buffer'
import { SnapstreamError } from '@snapstream/core'
import type { AbstractSnapshot } from 'abstract-level'
import { backendError } from './backend-error.ts'
import type { Backend } from './backend.ts'
import { idOf, type CacheKey } from './cache-key.ts'
import { encodeRange, type CacheRange } from './cache-range.ts'
import type { CacheReads } from './cache-reads.ts'
import { hasEnded } from './entry-options.ts'
import type { KeySpace } from './key-space.ts'
import { mergeEntries, type RawEntry } from './merge-entries.ts'
import type { NamedFormat } from './named-format.ts'
import type { Entry, EntryId } from './overlay.ts'
import { bodyOf } from './stored-head.ts'

/** The writes that hide what the backend has. */
interface Above {
  readonly isEmpty: boolean
  find(id: EntryId): Entry | undefined
  entries(): Iterable<Entry>
}

export interface ReadsOptions<V> {
  /** For error messages. */
  readonly name: string
  readonly format: NamedFormat<V>
  readonly space: KeySpace
  readonly above: Above
  /** Throws while the cache is not open. */
  opened(): Backend
  /** In ms since the epoch: what has ended by then is not there. */
  now(): number
  /** Whether anything in the backend may have an end. */
  mayEnd(): boolean
  /** What to read in place of the newest. */
  readonly snapshot?: AbstractSnapshot
}

/** What is not in the backend yet hides what is. */
export function createReads<K extends CacheKey, V>(options: ReadsOptions<V>): CacheReads<K, V> {
  const { name, format, space, above, opened, now, mayEnd, snapshot } = options
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
  const isGone = ({ stored, expiresAt }: Entry) => stored === undefined || hasEnded(expiresAt, now)
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
          // Where the backend may have replaced bytes that are not UTF-8, the bytes themselves are asked.
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
      // Looked up before anything is awaited, so that all are of one moment.
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
        if (db.supports.has && !mayEnd()) return await db.has(encodedKey, KEY)
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
