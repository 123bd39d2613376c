import { Buffer } from 'node:buffer'
import { SnapstreamError, describe } from '@snapstream/core'
import type { CacheKey } from './cache-key.ts'
import type { KeySpace } from './key-space.ts'

/** A range of entries and its order: the range options of abstract-level, and `prefix`. */
export interface CacheRange<K extends CacheKey = CacheKey> {
  /** Keys greater than this one. */
  readonly gt?: K | undefined
  /** Keys greater than or equal to this one; takes precedence over `gt`. */
  readonly gte?: K | undefined
  /** Keys less than this one. */
  readonly lt?: K | undefined
  /** Keys less than or equal to this one; takes precedence over `lt`. */
  readonly lte?: K | undefined
  /** String keys that start with this prefix. Combined with other bounds, keys have to satisfy all of them. */
  readonly prefix?: string | undefined
  /**
   * Whether to iterate from the last key to the first.
   *
   * @default false
   */
  readonly reverse?: boolean | undefined
  /**
   * The most entries, a whole number; a negative number means all.
   *
   * @default -1
   */
  readonly limit?: number | undefined
}

/** A range with encoded bounds. */
export interface EncodedRange {
  readonly bounds: { readonly gte: Buffer; readonly lt: Buffer }
  readonly reverse: boolean
  readonly limit: number
  contains(key: Buffer): boolean
}

const NAMES = new Set(['gt', 'gte', 'lt', 'lte', 'prefix', 'reverse', 'limit'])

/** Encodes a range of one cache's keys. Throws `USAGE` for an unknown option or an invalid value. */
export function encodeRange(range: CacheRange, space: KeySpace): EncodedRange {
  for (const name of Object.keys(range))
    if (!NAMES.has(name))
      throw new SnapstreamError('USAGE', `a range takes ${[...NAMES].join(', ')}, got the unknown option "${name}"`)
  const { gt, gte, lt, lte, prefix, reverse = false, limit = -1 } = range
  if (typeof limit !== 'number' || (!Number.isInteger(limit) && limit !== Infinity))
    throw new SnapstreamError('USAGE', `the limit of a range is a whole number, got ${describe(limit)}`)
  if (prefix !== undefined && typeof prefix !== 'string')
    throw new SnapstreamError(
      'USAGE',
      `the prefix of a range is a string, got ${describe(prefix)}; for keys of other types give gte and lt`,
    )
  let from = space.start
  let to = space.end
  const raise = (bound: Buffer) => {
    if (Buffer.compare(bound, from) > 0) from = bound
  }
  const lower = (bound: Buffer) => {
    if (Buffer.compare(bound, to) < 0) to = bound
  }
  if (gte !== undefined) raise(space.encode(gte))
  else if (gt !== undefined) raise(after(space.encode(gt)))
  if (lte !== undefined) lower(after(space.encode(lte)))
  else if (lt !== undefined) lower(space.encode(lt))
  if (prefix !== undefined) {
    const first = space.encode(prefix)
    raise(first)
    lower(afterAll(first))
  }
  return {
    bounds: { gte: from, lt: to },
    reverse,
    limit: limit < 0 ? Infinity : limit,
    contains: (key) => Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0,
  }
}

/** The next key in byte order. */
function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.of(0)])
}

/** The first key behind all that start with this one. Its last byte is UTF-8, so it can be incremented. */
function afterAll(key: Buffer): Buffer {
  const end = Buffer.from(key)
  end[end.length - 1]!++
  return end
}
