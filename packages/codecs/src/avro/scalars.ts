import { avroTypes, isBytes, refuse, Unfit, type ErrorHook, type AvroType } from './avsc.ts'
import type { AvroTap } from './tap.ts'

const LARGEST_FLOAT = 2 ** 128 - 2 ** 103
const LAST_ASCII = 0x7f
/** The length of a text of at most so many bytes is encoded in one byte: twice the number. */
const SHORT = 32

type AsciiReader = (buf: Buffer, pos: number) => string | undefined

/** Readers by length. Generated code, since V8 is fast at one call with all characters. */
const ASCII_READERS = Array.from({ length: SHORT + 1 }, (_, length): AsciiReader => {
  if (length === 0) return () => ''
  const codes = Array.from({ length }, (_, i) => `c${i}`)
  const read = codes.map((code, i) => `${code} = buf[pos + ${i}]`).join(', ')
  // oxlint-disable-next-line no-implied-eval, no-new-func
  return new Function(
    'buf',
    'pos',
    `const ${read}; return (${codes.join(' | ')}) > ${LAST_ASCII} ? undefined : String.fromCharCode(${codes.join(', ')})`,
  ) as AsciiReader
})

/** Booleans; a byte other than 0 and 1 is refused. */
export class StrictBoolean extends avroTypes.BooleanType {
  override _write(tap: AvroTap, value: unknown): void {
    if (typeof value !== 'boolean') throw new Unfit()
    tap.writeBoolean(value)
  }
}

/** Ints; a value of more than 32 bits is refused. */
export class StrictInt extends avroTypes.IntType {
  override _read(tap: AvroTap): number {
    return tap.readInt()
  }
  override _write(tap: AvroTap, value: unknown): void {
    // oxlint-disable-next-line no-bitwise
    if (value !== ((value as number) | 0)) throw new Unfit()
    tap.writeLong(value)
  }
}

/** Bytes; any Uint8Array is taken. */
export class StrictBytes extends avroTypes.BytesType {
  override _write(tap: AvroTap, value: unknown): void {
    if (!isBytes(value)) throw new Unfit()
    tap.writeBytes(value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return isBytes(value) || refuse(value, this, hook)
  }
}

/** Fixed; any Uint8Array of the right length is taken. */
export class StrictFixed extends avroTypes.FixedType {
  override _write(tap: AvroTap, value: unknown): void {
    if (!isBytes(value) || value.length !== this.size) throw new Unfit()
    tap.writeFixed(value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return (isBytes(value) && value.length === this.size) || refuse(value, this, hook)
  }
}

/** Strings; invalid UTF-8 and lone surrogates are refused, for which avsc puts replacement characters. */
export class StrictString extends avroTypes.StringType {
  override _read(tap: AvroTap): string {
    return readString(tap)
  }
  override _write(tap: AvroTap, value: unknown): void {
    writeString(tap, value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return (typeof value === 'string' && value.isWellFormed()) || refuse(value, this, hook)
  }
}

/** Floats; numbers that would round to infinity are refused. */
export class StrictFloat extends avroTypes.FloatType {
  override _write(tap: AvroTap, value: unknown): void {
    if (!isFloat(value)) throw new Unfit()
    tap.writeFloat(value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return isFloat(value) || refuse(value, this, hook)
  }
}

/** Enums with only the symbols of the schema; avsc takes `constructor` too. */
export class StrictEnum extends avroTypes.EnumType {
  override _read(tap: AvroTap): string {
    const index = tap.readLong()
    const symbol = this.symbols[index]
    if (symbol === undefined) throw new Error(`an enum in them has no symbol ${index}`)
    return symbol
  }
  override _write(tap: AvroTap, value: unknown): void {
    const index = typeof value === 'string' ? this._indices[value] : undefined
    if (typeof index !== 'number') throw new Unfit()
    tap.writeLong(index)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return (typeof value === 'string' && typeof this._indices[value] === 'number') || refuse(value, this, hook)
  }
}

/** Reads short ASCII texts in JavaScript, in half the time of a native call. */
export function readString(tap: AvroTap): string {
  const { buf, pos } = tap
  const doubled = buf[pos]!
  if (doubled > 2 * SHORT || doubled % 2 === 1) return tap.readString()
  const end = pos + 1 + doubled / 2
  if (!(end <= buf.length)) return tap.readString()
  const text = ASCII_READERS[doubled / 2]!(buf, pos + 1)
  if (text === undefined) return tap.readString()
  tap.pos = end
  return text
}

/** Writes short ASCII texts in JavaScript, which is faster than two native calls. */
export function writeString(tap: AvroTap, value: unknown): void {
  if (typeof value !== 'string') throw new Unfit()
  if (value.length <= SHORT && writeAscii(tap, value)) return
  if (!value.isWellFormed()) throw new Unfit()
  tap.writeString(value)
}

/** Returns false for a text that is not ASCII, and at the end of the buffer. */
function writeAscii(tap: AvroTap, text: string): boolean {
  const { buf, pos } = tap
  const { length } = text
  // Beyond the end the tap counts the bytes that it needs.
  if (pos + length >= buf.length) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > LAST_ASCII) return false
    buf[pos + 1 + i] = code
  }
  buf[pos] = length * 2
  tap.pos = pos + 1 + length
  return true
}

function isFloat(value: unknown): value is number {
  return typeof value === 'number' && (Math.abs(value) < LARGEST_FLOAT || !Number.isFinite(value))
}

/** From here on the zigzag encoding, which doubles a number, exceeds the exact range of a JavaScript number. */
const DOUBLED = 2 ** 52
/** Longs of at most so many bytes have 49 bits, which a number holds exactly. */
const EXACT_BYTES = 7
const MAX_BYTES = 10
const LARGEST = Number.MAX_SAFE_INTEGER - 1
const INT64 = 64

/** Longs as numbers; values that a number cannot hold exactly are refused. */
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

/** Longs as bigints. */
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
  if (bytes.length > MAX_BYTES) throw new Error('a long in them has more than 10 bytes')
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
