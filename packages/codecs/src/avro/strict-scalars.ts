import { avroTypes, isBytes, refuse, Unfit, type ErrorHook } from './internals.ts'
import type { AvroTap } from './tap.ts'

const LARGEST_FLOAT = 2 ** 128 - 2 ** 103
const LAST_ASCII = 0x7f
/** The length of a text that is not longer takes one byte: twice the number. */
const SHORT = 32

type AsciiReader = (buf: Buffer, pos: number) => string | undefined

/** By length. Made of code, as one call with all characters is what V8 is quick at. */
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

/** Booleans of which a byte other than 0 and 1 is none. */
export class StrictBoolean extends avroTypes.BooleanType {
  override _write(tap: AvroTap, value: unknown): void {
    if (typeof value !== 'boolean') throw new Unfit()
    tap.writeBoolean(value)
  }
}

/** Ints that are read within 32 bits. */
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

/** Bytes from any Uint8Array. */
export class StrictBytes extends avroTypes.BytesType {
  override _write(tap: AvroTap, value: unknown): void {
    if (!isBytes(value)) throw new Unfit()
    tap.writeBytes(value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return isBytes(value) || refuse(value, this, hook)
  }
}

export class StrictFixed extends avroTypes.FixedType {
  override _write(tap: AvroTap, value: unknown): void {
    if (!isBytes(value) || value.length !== this.size) throw new Unfit()
    tap.writeFixed(value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return (isBytes(value) && value.length === this.size) || refuse(value, this, hook)
  }
}

/** Strings that are UTF-8 in both directions, where avsc would put replacement characters. */
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

/** Floats without those that would round to infinity. */
export class StrictFloat extends avroTypes.FloatType {
  override _write(tap: AvroTap, value: unknown): void {
    if (!isFloat(value)) throw new Unfit()
    tap.writeFloat(value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return isFloat(value) || refuse(value, this, hook)
  }
}

/** Enums whose symbols are only those of the schema, where avsc takes `constructor` too. */
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

/** A short text without anything but ASCII takes half as long in JavaScript as by a call out of it. */
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

export function writeString(tap: AvroTap, value: unknown): void {
  if (typeof value !== 'string') throw new Unfit()
  if (value.length <= SHORT && writeAscii(tap, value)) return
  if (!value.isWellFormed()) throw new Unfit()
  tap.writeString(value)
}

/** Whether it could be written: for a short text this loop is quicker than the two calls out of JavaScript. */
function writeAscii(tap: AvroTap, text: string): boolean {
  const { buf, pos } = tap
  const { length } = text
  // Beyond the end the tap counts on, to learn how much room it takes.
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
