import { Buffer } from 'node:buffer'
import { MAX_KEY_BYTES, type EncodedKey } from './key-format.ts'

/** The bounds that abstract-level hands over: of each pair one at most. */
export interface RangeBounds {
  readonly gt?: EncodedKey
  readonly gte?: EncodedKey
  readonly lt?: EncodedKey
  readonly lte?: EncodedKey
}

/** One end of a range, as LMDB takes it, and as it was given. */
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

/** What is left of a range from a key on, in the direction of reading; nothing of it, if the key lies outside. */
export function rangeFrom(range: KeyRange, target: EncodedKey, reverse: boolean): KeyRange | undefined {
  const at = toBound(target, true, reverse)
  if (!isWithin(range, at.given.key)) return undefined
  return reverse ? { lower: range.lower, upper: at } : { lower: at, upper: range.upper }
}

/** Whether no key can be in it. */
export function isEmpty({ lower, upper }: KeyRange): boolean {
  if (lower === undefined || upper === undefined) return false
  const order = Buffer.compare(lower.key, upper.key)
  return order > 0 || (order === 0 && !(lower.isInclusive && upper.isInclusive))
}

/** By the bounds as they were given: two that differ may be the same once they are cut. */
function isWithin({ lower, upper }: KeyRange, key: Buffer): boolean {
  const above = lower === undefined ? 1 : Buffer.compare(key, lower.given.key)
  const below = upper === undefined ? -1 : Buffer.compare(key, upper.given.key)
  return (
    (above > 0 || (above === 0 && lower!.given.isInclusive)) && (below < 0 || (below === 0 && upper!.given.isInclusive))
  )
}

/**
 * LMDB takes no bound that is longer than a key. No key lies between such a bound and what is left of it when it is cut,
 * and what is left comes before it.
 */
function toBound(encoded: EncodedKey, isInclusive: boolean, isUpper: boolean): Bound {
  const key = typeof encoded === 'string' ? Buffer.from(encoded) : Buffer.from(encoded)
  const given = { key, isInclusive }
  return key.length <= MAX_KEY_BYTES
    ? { ...given, given }
    : { key: key.subarray(0, MAX_KEY_BYTES), isInclusive: isUpper, given }
}
