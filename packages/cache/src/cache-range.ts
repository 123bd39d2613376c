import { Buffer } from 'node:buffer'
import { SnapstreamError, describe } from '@snapstream/core'
import { encodeKey, type CacheKey } from './cache-key.ts'
import { END_OF_KEYS } from './key-space.ts'

/** Which entries, in which order: the options of abstract-level. */
export interface CacheRange<K extends CacheKey = CacheKey> {
  /** Keys greater than this one. */
  readonly gt?: K | undefined
  /** Keys greater than or equal to this one; takes precedence over `gt`. */
  readonly gte?: K | undefined
  /** Keys less than this one. */
  readonly lt?: K | undefined
  /** Keys less than or equal to this one; takes precedence over `lt`. */
  readonly lte?: K | undefined
  /**
   * From the last key to the first.
   *
   * @default false
   */
  readonly reverse?: boolean | undefined
  /**
   * At most so many entries; a negative number means all.
   *
   * @default -1
   */
  readonly limit?: number | undefined
}

interface Bounds {
  readonly gt?: Buffer
  readonly gte?: Buffer
  readonly lt?: Buffer
  readonly lte?: Buffer
}

/** A range with its bounds as bytes. */
export interface EncodedRange {
  readonly bounds: Bounds
  readonly reverse: boolean
  readonly limit: number
  contains(key: Buffer): boolean
}

const NAMES = new Set(['gt', 'gte', 'lt', 'lte', 'reverse', 'limit'])

export function encodeRange(range: CacheRange): EncodedRange {
  for (const name of Object.keys(range))
    if (!NAMES.has(name))
      throw new SnapstreamError('USAGE', `entries() takes ${[...NAMES].join(', ')}, got the unknown option "${name}"`)
  const { gt, gte, lt, lte, reverse = false, limit = -1 } = range
  if (typeof limit !== 'number' || (!Number.isInteger(limit) && limit !== Infinity))
    throw new SnapstreamError('USAGE', `the limit of entries() is a whole number, got ${describe(limit)}`)
  const bounds: Bounds = {
    ...(gte !== undefined ? { gte: encodeKey(gte) } : gt !== undefined ? { gt: encodeKey(gt) } : {}),
    ...(lte !== undefined ? { lte: encodeKey(lte) } : { lt: lt !== undefined ? encodeKey(lt) : END_OF_KEYS }),
  }
  return {
    bounds,
    reverse,
    limit: limit < 0 ? Infinity : limit,
    contains: (key) =>
      (!bounds.gte || Buffer.compare(key, bounds.gte) >= 0) &&
      (!bounds.gt || Buffer.compare(key, bounds.gt) > 0) &&
      (!bounds.lte || Buffer.compare(key, bounds.lte) <= 0) &&
      (!bounds.lt || Buffer.compare(key, bounds.lt) < 0),
  }
}
