import type { Tap } from './tap.ts'

/** From here on a zigzag number, which is twice as large, is beyond what a JavaScript number holds exactly. */
export const DOUBLED = 2 ** 52

/** As many bytes carry 49 bits, of which a number loses none. */
const EXACT_BYTES = 7
const MOST_BYTES = 10
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER) - 1n

/** Reads any long that a number holds exactly; throws for the others. */
export function readLong(tap: Tap): number {
  const start = tap.pos
  let end = start
  while (end - start < MOST_BYTES && (tap.buf[end] ?? 0) & 0x80) end++
  if (end - start < EXACT_BYTES) return tap.readLong()
  if (end - start === MOST_BYTES) throw new Error('a long in them has more than 10 bytes')
  let zigzag = 0n
  for (let at = end; at >= start; at--) zigzag = (zigzag << 7n) | BigInt(tap.buf[at]! & 0x7f)
  tap.pos = end + 1
  if (tap.pos > tap.buf.length) throw new Error('truncated buffer')
  const value = (zigzag >> 1n) ^ -(zigzag & 1n)
  if (value > LARGEST || value < -LARGEST) throw new Error('potential precision loss')
  return Number(value)
}

export function writeLong(tap: Tap, value: number): void {
  const long = BigInt(value)
  let rest = long < 0n ? -long * 2n - 1n : long * 2n
  for (; rest >= 0x80n; rest >>= 7n) tap.buf[tap.pos++] = Number(rest & 0x7fn) | 0x80
  tap.buf[tap.pos++] = Number(rest)
}
