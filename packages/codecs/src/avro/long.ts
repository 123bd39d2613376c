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
  const value = tap.readLong()
  return tap.pos - start <= EXACT_BYTES ? value : readLargeLong(tap.buf.subarray(start, tap.pos))
}

function readLargeLong(bytes: Buffer): number {
  if (bytes.length > MOST_BYTES) throw new Error('a long in them has more than 10 bytes')
  if (bytes.at(-1)! & 0x80) throw new Error('truncated buffer')
  let zigzag = 0n
  for (const byte of bytes.toReversed()) zigzag = (zigzag << 7n) | BigInt(byte & 0x7f)
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
