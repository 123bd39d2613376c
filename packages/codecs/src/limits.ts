/** What one value may cost. A value beyond is refused in both directions, with `ENCODE_FAILED` or `DECODE_FAILED`. */
export interface ByteLimits {
  /** How many bytes a value may have, encoded. A whole number of at least 1. @default 16_777_216 (16 MiB) */
  readonly maxBytes?: number | undefined
  /** How deep a value may be nested. A whole number of at least 1. @default 500 */
  readonly maxDepth?: number | undefined
}

export interface Limits extends ByteLimits {
  /**
   * How many items the arrays and maps of a value may have, together. A whole number of at least 1. @default 1_000_000
   */
  readonly maxItems?: number | undefined
}

/** All limits of one value. */
export type ValueLimits = { readonly [L in keyof Limits]-?: number }

export const DEFAULT_LIMITS: ValueLimits = { maxBytes: 16 * 1024 * 1024, maxDepth: 500, maxItems: 1_000_000 }

export function withDefaultLimits({
  maxBytes = DEFAULT_LIMITS.maxBytes,
  maxDepth = DEFAULT_LIMITS.maxDepth,
  maxItems = DEFAULT_LIMITS.maxItems,
}: Limits): ValueLimits {
  return { maxBytes, maxDepth, maxItems }
}

export const LIMIT_EXPECTED = 'a whole number of 1 or more'

export const isLimit = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1
