import type { OperatorKey } from './operator-state.ts'

/** Compares two keys as stores sort them: by type first (boolean, number, string, bytes), strings by code point. */
export function compareKeys(one: OperatorKey, other: OperatorKey): number {
  if (one === other) return 0
  const rank = rankOf(one) - rankOf(other)
  if (rank !== 0) return rank
  if (typeof one === 'string') return compareText(one, other as string)
  if (one instanceof Uint8Array) return compareBytes(one, other as Uint8Array)
  return one < other ? -1 : one > other ? 1 : 0
}

const TYPES = ['boolean', 'number', 'string', 'object']
const rankOf = (key: OperatorKey) => TYPES.indexOf(typeof key)

function compareText(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let i = 0; i < length; i++) {
    const [a, b] = [one.charCodeAt(i), other.charCodeAt(i)]
    if (a !== b) return order(a) - order(b)
  }
  return one.length - other.length
}

/** In UTF-16 the surrogates of the highest code points lie below U+E000. */
const order = (unit: number) => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length)
  for (let i = 0; i < length; i++) if (one[i] !== other[i]) return one[i]! - other[i]!
  return one.length - other.length
}
