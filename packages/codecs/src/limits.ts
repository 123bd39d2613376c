/** Bounds of the cost of one value. A larger value is refused with `ENCODE_FAILED` or `DECODE_FAILED`. */
export interface ByteLimits {
  /** The largest encoded size of a value, in bytes. A whole number of at least 1. @default 16_777_216 (16 MiB) */
  readonly maxBytes?: number | undefined
  /** The deepest nesting of a value. A whole number of at least 1. @default 500 */
  readonly maxDepth?: number | undefined
}

/** The same with a bound for items. */
export interface Limits extends ByteLimits {
  /** The highest number of items in all arrays and maps of a value. A whole number of at least 1. @default 1_000_000 */
  readonly maxItems?: number | undefined
}

/** All limits, with their defaults. */
export type ValueLimits = { readonly [L in keyof Limits]-?: number }

export const DEFAULT_LIMITS: ValueLimits = { maxBytes: 16 * 1024 * 1024, maxDepth: 500, maxItems: 1_000_000 }

export function withDefaultLimits({
  maxBytes = DEFAULT_LIMITS.maxBytes,
  maxDepth = DEFAULT_LIMITS.maxDepth,
  maxItems = DEFAULT_LIMITS.maxItems,
}: Limits): ValueLimits {
  return { maxBytes, maxDepth, maxItems }
}

/** For error messages: the expected value of a limit. */
export const LIMIT_EXPECTED = 'a whole number of 1 or more'

export const isLimit = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1
