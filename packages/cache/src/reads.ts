import { Buffer } from 'node:buffer'
import { SnapstreamError } from '@snapstream/core'
import { backendError } from './backend-error.ts'
import type { Backend } from './backend.ts'
import { decodeKey, encodeKey, idOf, type CacheKey } from './cache-key.ts'
import { encodeRange, type CacheRange } from './cache-range.ts'
import { mergeEntries } from './merge-entries.ts'
import type { NamedFormat } from './named-format.ts'
import type { Entry, Overlay } from './overlay.ts'

const BYTES = { keyEncoding: 'buffer', valueEncoding: 'buffer' } as const
const TEXT = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const
const KEY = { keyEncoding: 'buffer' } as const

export interface Reads<K extends CacheKey, V> {
  get(key: K): Promise<V | undefined>
  getSync(key: K): V | undefined
  has(key: K): Promise<boolean>
  entries(range?: CacheRange<K>): AsyncGenerator<readonly [key: K, value: V], void>
  /** The value of a write, as anybody else would read it: never the object that was written. */
  valueOf(entry: Entry): V
}

/** What is not in the backend yet hides what is. `opened` throws while the cache is not open. */
export function createReads<K extends CacheKey, V>(
  name: string,
  format: NamedFormat<V>,
  overlay: Overlay,
  opened: () => Backend,
): Reads<K, V> {
  const find = (key: K) => (overlay.isEmpty ? undefined : overlay.find(idOf(key)))

  // Memory that the overlay or an in-memory backend goes on using is not handed out.
  const decodeCopy = (stored: string | Uint8Array, key: CacheKey) =>
    format.decode(typeof stored === 'string' ? stored : Buffer.from(stored), key)
  const decodeFrom = (db: Backend, bytes: Buffer, key: CacheKey) =>
    db.supports.permanence ? format.decode(bytes, key) : decodeCopy(bytes, key)
  const valueOf = (entry: Entry) => decodeCopy(entry.stored!, entry.key)

  return {
    valueOf,
    async get(key) {
      const db = opened()
      const encodedKey = encodeKey(key)
      const entry = find(key)
      if (entry) return entry.stored === undefined ? undefined : valueOf(entry)
      const bytes = await db.get<Buffer, Buffer>(encodedKey, BYTES).catch((error: unknown) => {
        throw backendError(error, name, 'reading')
      })
      return bytes === undefined ? undefined : decodeFrom(db, bytes, key)
    },
    getSync(key) {
      const db = opened()
      const encodedKey = encodeKey(key)
      // Not in the manifest's types yet.
      if (!(db.supports as { getSync?: boolean }).getSync)
        throw new SnapstreamError(
          'UNSUPPORTED',
          `${name} cannot do getSync(): its backend has no synchronous reads; use await cache.get(key)`,
        )
      const entry = find(key)
      if (entry) return entry.stored === undefined ? undefined : valueOf(entry)
      try {
        if (format.encoding === 'utf8') {
          const text = db.getSync<Buffer, string>(encodedKey, TEXT)
          if (text === undefined) return undefined
          // Where the backend may have replaced bytes that are not UTF-8, the bytes themselves are asked.
          if (!text.includes('\uFFFD')) return format.decode(text, key)
        }
        const bytes = db.getSync<Buffer, Buffer>(encodedKey, BYTES)
        return bytes === undefined ? undefined : decodeFrom(db, bytes, key)
      } catch (error) {
        throw backendError(error, name, 'reading')
      }
    },
    async has(key) {
      const db = opened()
      const encodedKey = encodeKey(key)
      const entry = find(key)
      if (entry) return entry.stored !== undefined
      try {
        return db.supports.has ? await db.has(encodedKey, KEY) : (await db.get(encodedKey, BYTES)) !== undefined
      } catch (error) {
        throw backendError(error, name, 'reading')
      }
    },
    async *entries(range = {}) {
      const db = opened()
      const encoded = encodeRange(range)
      try {
        for await (const [bytes, value] of mergeEntries(db, overlay.entries(), encoded)) {
          const key = decodeKey(bytes) as K
          yield [key, Buffer.isBuffer(value) ? decodeFrom(db, value, key) : valueOf(value)]
        }
      } catch (error) {
        throw backendError(error, name, 'reading entries')
      }
    },
  }
}
