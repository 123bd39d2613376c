import { SnapstreamError, describe } from '@snapstream/core'
import type { AreaKey } from './area-key.ts'
import type { CacheKey } from './cache-key.ts'
import type { DELETE } from './delete.ts'

/** The options of a single entry. */
export interface EntryOptions {
  /**
   * Time to live of the entry, in milliseconds from its write. A number above 0; `Infinity` means that the entry never
   * expires.
   *
   * @default the `ttlMs` of the cache
   */
  readonly ttlMs?: number | undefined
}

/** The messages that a cache takes as a sink: `[key, value]`, `[key, value, { ttlMs }]`, or `[key, DELETE]`. */
export type CacheInput<K extends CacheKey, V> = readonly [key: K, value: V | typeof DELETE, options?: EntryOptions]

/** Throws `SINK_REFUSED` for a message that is no `CacheInput`. `name`: that of the sink. */
export function checkInput(input: unknown, name: string): void {
  if (Array.isArray(input) && (input.length === 2 || (input.length === 3 && typeof input[2] === 'object'))) return
  throw new SnapstreamError(
    'SINK_REFUSED',
    `${name} takes [key, value] or [key, value, { ttlMs }], got ${describe(input)}; return one of these, or [key, DELETE] to remove it`,
  )
}

/** One operation of `cache.batch`, in abstract-level's shape: writes or deletes an entry. */
export type CacheOperation<K extends CacheKey = CacheKey, V = unknown> =
  | ({
      /** Writes the entry. */
      readonly type: 'put'
      /** The key of the entry. */
      readonly key: K
      /** The new value; an older one is replaced. */
      readonly value: V
    } & EntryOptions)
  | {
      /** Deletes the entry, if it exists. */
      readonly type: 'del'
      /** The key of the entry. */
      readonly key: K
    }

/** A value as the backend stores it. */
export type Stored = string | Uint8Array

/** The key of an entry of the user, or of one of an area. */
export type EntryKey = CacheKey | AreaKey

/** Identifies a key in a Map, see `idOf` and `areaId`. */
export type EntryId = string | number | boolean

/** One write. */
export interface Entry<K extends EntryKey = EntryKey> {
  readonly id: EntryId
  readonly key: K
  /** Undefined: the key is deleted. */
  readonly stored: Stored | undefined
  /** The moment of expiry, in ms since the epoch; 0: never. */
  readonly expiresAt: number
}

/** Memory that an entry takes beside its key and value: the objects and the slot in the Map. */
const OVERHEAD_BYTES = 200

/** The memory that an entry takes, in bytes; an estimate. */
export function bytesOf({ key, stored }: Entry): number {
  const keyBytes = typeof key === 'object' || typeof key === 'string' ? key.length : 0
  return keyBytes + (stored?.length ?? 0) + OVERHEAD_BYTES
}

/** The last moment that fits the six bytes of the expiry index, in the year 10889. */
const LAST_EXPIRY = 2 ** 48 - 1

/** The moment at which an entry that is written now expires, in whole ms since the epoch; 0: never. Throws `USAGE`. */
export function expiryOf(ttlMs: number, now: () => number): number {
  if (ttlMs === Infinity) return 0
  if (!(typeof ttlMs === 'number' && ttlMs > 0))
    throw new SnapstreamError('USAGE', `ttlMs is a number of milliseconds above 0, got ${describe(ttlMs)}`)
  return Math.min(Math.ceil(now() + ttlMs), LAST_EXPIRY)
}

/** The `ttlMs` of an entry, else that of its cache. Throws `USAGE`. */
export function ttlOf(options: EntryOptions | undefined, ofCache: number): number {
  if (options === undefined) return ofCache
  const unknown =
    typeof options === 'object' && options !== null ? Object.keys(options).find((name) => name !== 'ttlMs') : ''
  if (unknown !== undefined)
    throw new SnapstreamError(
      'USAGE',
      `the options of an entry are { ttlMs }, got ${unknown === '' ? describe(options) : `"${unknown}"`}`,
    )
  return options.ttlMs ?? ofCache
}

/** Whether an entry with this moment of expiry has expired. */
export function hasExpired(expiresAt: number, now: () => number): boolean {
  return expiresAt !== 0 && expiresAt <= now()
}
