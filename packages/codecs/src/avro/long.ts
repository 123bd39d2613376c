import { avroTypes, Unfit, type AvroType } from './internals.ts'
import type { AvroTap } from './tap.ts'

/** From here on a zigzag number, which is twice as large, is beyond what a JavaScript number holds exactly. */
const DOUBLED = 2 ** 52
/** As many bytes carry 49 bits, of which a number loses none. */
const EXACT_BYTES = 7
const MOST_BYTES = 10
const LARGEST = Number.MAX_SAFE_INTEGER - 1
const INT64 = 64

/** Longs as numbers: those that a number holds exactly, and an error for all others. */
export class ExactLong extends avroTypes.LongType {
  override _read(tap: AvroTap): number {
    const start = tap.pos
    const value = tap.readLong()
    return tap.pos - start <= EXACT_BYTES ? value : toExactNumber(fromVarint(tap.buf.subarray(start, tap.pos)))
  }

  override _write(tap: AvroTap, value: unknown): void {
    if (!Number.isSafeInteger(value) || Math.abs(value as number) > LARGEST) throw new Unfit()
    if (Math.abs(value as number) < DOUBLED) tap.writeLong(value as number)
    else tap.writeFixed(toVarint(BigInt(value as number)))
  }
}

/** Longs as bigints: all of them. */
export function bigintLong(): AvroType {
  return avroTypes.LongType.__with(
    {
      fromBuffer: fromVarint,
      toBuffer: toVarint,
      fromJSON(value: unknown) {
        if (!Number.isSafeInteger(value)) throw new Unfit()
        return BigInt(value as number)
      },
      toJSON: Number,
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
  if (bytes.length === 0 || bytes.at(-1)! & 0x80) throw new Error('they end too early')
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
