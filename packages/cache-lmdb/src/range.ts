import { Buffer } from 'node:buffer'
import { MAX_KEY_BYTES, type EncodedKey } from './encoding.ts'
import type { Environment, ReadOptions } from './environment.ts'
import type { LmdbSnapshot } from './lmdb-snapshot.ts'

/** The bounds as abstract-level passes them on: at most one of each pair. */
export interface RangeBounds {
  /** Only keys above this one. */
  readonly gt?: EncodedKey
  /** Only this key and those above it. */
  readonly gte?: EncodedKey
  /** Only keys below this one. */
  readonly lt?: EncodedKey
  /** Only this key and those below it. */
  readonly lte?: EncodedKey
}

/** One end of a range: in LMDB's form, and as it was given. */
interface Bound {
  readonly key: Buffer
  readonly isInclusive: boolean
  readonly given: { readonly key: Buffer; readonly isInclusive: boolean }
}

/** The keys from one bound to another. */
export interface KeyRange {
  readonly lower: Bound | undefined
  readonly upper: Bound | undefined
}

export function keyRange({ gt, gte, lt, lte }: RangeBounds): KeyRange {
  return {
    lower: gte !== undefined ? toBound(gte, true, false) : gt !== undefined ? toBound(gt, false, false) : undefined,
    upper: lte !== undefined ? toBound(lte, true, true) : lt !== undefined ? toBound(lt, false, true) : undefined,
  }
}

/** The rest of a range from a key on, in the direction of reading; undefined if the key is outside of the range. */
export function rangeFrom(range: KeyRange, target: EncodedKey, reverse: boolean): KeyRange | undefined {
  const at = toBound(target, true, reverse)
  if (!isWithin(range, at.given.key)) return undefined
  return reverse ? { lower: range.lower, upper: at } : { lower: at, upper: range.upper }
}

/** Whether the range can contain no key. */
export function isEmpty({ lower, upper }: KeyRange): boolean {
  if (lower === undefined || upper === undefined) return false
  const order = Buffer.compare(lower.key, upper.key)
  return order > 0 || (order === 0 && !(lower.isInclusive && upper.isInclusive))
}

/** Compares with the bounds as they were given: two different bounds may be equal when they are truncated. */
function isWithin({ lower, upper }: KeyRange, key: Buffer): boolean {
  const above = lower === undefined ? 1 : Buffer.compare(key, lower.given.key)
  const below = upper === undefined ? -1 : Buffer.compare(key, upper.given.key)
  return (
    (above > 0 || (above === 0 && lower!.given.isInclusive)) && (below < 0 || (below === 0 && upper!.given.isInclusive))
  )
}

/**
 * Truncates a bound that is longer than the longest key, since LMDB refuses it. The truncated bound comes before the given
 * one, and no key lies between them.
 */
function toBound(encoded: EncodedKey, isInclusive: boolean, isUpper: boolean): Bound {
  const key = typeof encoded === 'string' ? Buffer.from(encoded) : Buffer.from(encoded)
  const given = { key, isInclusive }
  return key.length <= MAX_KEY_BYTES
    ? { ...given, given }
    : { key: key.subarray(0, MAX_KEY_BYTES), isInclusive: isUpper, given }
}

export interface RawEntry {
  readonly key: Buffer
  /** Undefined if values were not requested. */
  readonly value: Uint8Array | undefined
}

interface ReadRangeOptions {
  readonly reverse: boolean
  readonly values: boolean
  readonly reading: ReadOptions
}

/** Reads the entries of a range that is not empty, as of the transaction. */
export function readRange(environment: Environment, range: KeyRange, options: ReadRangeOptions): Iterator<RawEntry> {
  const { reverse, values, reading } = options
  const first = reverse ? range.upper : range.lower
  const last = reverse ? range.lower : range.upper
  const found: Iterable<unknown> = environment.getRange({
    ...reading,
    reverse,
    // The empty key is the first.
    start: first?.key ?? (reverse ? undefined : ''),
    end: last?.key,
    exclusiveStart: first?.isInclusive === false,
    inclusiveEnd: last?.isInclusive === true,
    values,
  })
  const entries = found[Symbol.iterator]()
  return values
    ? (entries as Iterator<RawEntry>)
    : {
        next: () => toKey(entries.next() as IteratorResult<Buffer, undefined>),
        return: () => entries.return!() as never,
      }
}

function toKey(next: IteratorResult<Buffer, undefined>): IteratorResult<RawEntry> {
  return next.done === true ? next : { done: false, value: { key: next.value, value: undefined } }
}

/** The options of `clear` as abstract-level passes them on. */
export interface ClearOptions extends RangeBounds {
  /** Whether the last keys are deleted first; matters with `limit`. */
  readonly reverse: boolean
  /** The largest number of entries to delete; -1 for no limit. */
  readonly limit: number
  /** The snapshot whose keys are deleted. Default: the newest state. */
  readonly snapshot?: LmdbSnapshot
}

/** The number of keys in memory at once, and in one commit. */
const CHUNK = 10_000

/** Deletes the keys of a range as of now or, if one is given, as of a snapshot. */
export async function clearRange(environment: Environment, options: ClearOptions): Promise<void> {
  const range = keyRange(options)
  const { reverse, limit, snapshot } = options
  if (isEmpty(range)) return
  if (range.lower === undefined && range.upper === undefined && limit < 0 && snapshot === undefined) {
    await environment.clearAsync()
    return
  }
  const reading = snapshot?.reading ?? { transaction: environment.useReadTransaction() }
  const entries = readRange(environment, range, { reverse, values: false, reading })
  try {
    for (let left = limit < 0 ? Infinity : limit; left > 0; left -= CHUNK) {
      const keys = takeKeys(entries, Math.min(left, CHUNK))
      if (keys.length > 0) await environment.batch(() => keys.forEach((key) => void environment.remove(key)))
      if (keys.length < CHUNK) return
    }
  } finally {
    entries.return?.()
    if (snapshot === undefined) reading.transaction.done()
  }
}

function takeKeys(entries: Iterator<{ key: Buffer }>, count: number): Buffer[] {
  const keys: Buffer[] = []
  while (keys.length < count) {
    const next = entries.next()
    if (next.done === true) break
    keys.push(next.value.key)
  }
  return keys
}
