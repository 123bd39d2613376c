import { describe, SnapstreamError } from '@snapstream/core'
import type { OperatorKey } from '@snapstream/core/adapter'

/** Identifies a key in a map. Bytes become text that begins with a lone surrogate, which no text key has. */
export function keyId(key: OperatorKey): string | number | boolean {
  if (typeof key === 'string' || typeof key === 'boolean') return key
  // -0 is the same key as 0.
  if (typeof key === 'number' && !Number.isNaN(key)) return key + 0
  if (key instanceof Uint8Array) return `\uD800${String.fromCharCode(...key)}`
  throw new SnapstreamError(
    'USAGE',
    `a key of a state is a string, a number, a boolean or a Uint8Array, got ${describe(key)}; turn it into one of these`,
  )
}

/** The place of the type of a key in the order of keys. */
function rankOf(key: OperatorKey): number {
  return typeof key === 'boolean' ? 0 : typeof key === 'number' ? 1 : typeof key === 'string' ? 2 : 3
}

/** Compares two keys as stores sort them: by type (boolean, number, string, bytes), then by value; strings by code point. */
export function compareKeys(a: OperatorKey, b: OperatorKey): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const byType = rankOf(a) - rankOf(b)
  if (byType !== 0) return byType
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  return Number(a) - Number(b)
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (one === other) continue
    // Surrogates stand for code points above all other units.
    return lift(one) - lift(other)
  }
  return a.length - b.length
}

function lift(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  return a.length - b.length
}
