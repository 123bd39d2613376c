/** A 64-bit integer: a number where that is exact (up to 2^53 - 1), else a bigint. */
export type Int64 = number | bigint

const MAX = 2n ** 63n - 1n

export function isInt64(value: unknown): value is Int64 {
  return typeof value === 'bigint' ? value >= -MAX - 1n && value <= MAX : Number.isSafeInteger(value)
}

/** A bigint as an `Int64`: a number where that is exact. */
export function toInt64(value: bigint): Int64 {
  const near = Number(value)
  return Number.isSafeInteger(near) ? near : value
}

/** Parses a 64-bit integer in its printed form; undefined for any other text. */
export function parseInt64(text: string): Int64 | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined
  const value = toInt64(BigInt(text))
  return isInt64(value) && String(value) === text ? value : undefined
}
