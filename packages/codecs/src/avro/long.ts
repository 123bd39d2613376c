import { avroTypes, type AvroType, type Tap } from './internals.ts'

/** From here on a zigzag number, which is twice as large, is beyond what a JavaScript number holds exactly. */
const DOUBLED = 2 ** 52
/** As many bytes carry 49 bits, of which a number loses none. */
const EXACT_BYTES = 7
const MOST_BYTES = 10
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER) - 1n
const INT64 = 64

/** Longs as numbers: those that a number holds exactly, and an error for all others. */
export class ExactLong extends avroTypes.LongType {
  override _read(tap: Tap): number {
    const start = tap.pos
    const value = tap.readLong()
    return tap.pos - start <= EXACT_BYTES ? value : toExactNumber(fromVarint(tap.buf.subarray(start, tap.pos)))
  }

  // avsc doubles as a number: -4503599627370497 comes back as 4503599627370496.
  override _write(tap: Tap, value: unknown): void {
    if (typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) >= DOUBLED)
      for (const byte of toVarint(BigInt(value))) tap.buf[tap.pos++] = byte
    else super._write(tap, value)
  }
}

/** Longs as bigints: all of them. */
export function bigintLong(): AvroType {
  return avroTypes.LongType.__with(
    {
      fromBuffer: fromVarint,
      toBuffer: toVarint,
      fromJSON: (value: number | string) => BigInt(value),
      toJSON: String,
      isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(INT64, value) === value,
      compare: (a: bigint, b: bigint) => Number(a > b) - Number(a < b),
    },
    true,
  )
}

function toExactNumber(value: bigint): number {
  if (value > LARGEST || value < -LARGEST) throw new Error('potential precision loss')
  return Number(value)
}

function fromVarint(bytes: Buffer): bigint {
  if (bytes.length > MOST_BYTES) throw new Error('a long in them has more than 10 bytes')
  if (bytes.length === 0 || bytes.at(-1)! & 0x80) throw new Error('truncated buffer')
  let zigzag = 0n
  for (const byte of bytes.toReversed()) zigzag = (zigzag << 7n) | BigInt(byte & 0x7f)
  if (BigInt.asUintN(INT64, zigzag) !== zigzag) throw new Error('a long in them has more than 64 bits')
  return (zigzag >> 1n) ^ -(zigzag & 1n)
}

function toVarint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value < 0n ? -value * 2n - 1n : value * 2n
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}
