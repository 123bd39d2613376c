import { describe, SnapstreamError } from '@snapstream/core'
import type { OperatorKey } from '@snapstream/core/adapter'

/**
 * Identifies a key in a map. Bytes become text that begins with a lone surrogate, which no text key has. Throws `USAGE` for what is
 * no key: NaN, text with a lone surrogate, and other types.
 */
export function keyId(key: OperatorKey): string | number | boolean {
  if (typeof key === 'boolean' || (typeof key === 'string' && key.isWellFormed())) return key
  // -0 is the same key as 0.
  if (typeof key === 'number' && !Number.isNaN(key)) return key + 0
  if (key instanceof Uint8Array) return `\uD800${String.fromCharCode(...key)}`
  throw new SnapstreamError(
    'USAGE',
    `a key of a state is a string, a number, a boolean or a Uint8Array, got ${describe(key)}; turn it into one of these`,
  )
}

/** A key that its caller cannot change. */
export function copyKey<K extends OperatorKey>(key: K): K {
  return key instanceof Uint8Array ? (key.slice() as K) : key
}
