import { isUtf8 } from 'node:buffer'
import { avroTypes, refuse, Unfit, type ErrorHook, type Tap } from './internals.ts'

const LARGEST_FLOAT = 2 ** 128 - 2 ** 103

/** Strings that are UTF-8 in both directions, where avsc would put replacement characters. */
export class StrictString extends avroTypes.StringType {
  override _read(tap: Tap): string {
    return readString(tap)
  }
  override _write(tap: Tap, value: unknown): void {
    writeString(tap, value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return (typeof value === 'string' && value.isWellFormed()) || refuse(value, this, hook)
  }
}

/** Floats without those that would round to infinity. */
export class StrictFloat extends avroTypes.FloatType {
  override _write(tap: Tap, value: unknown): void {
    if (!isFloat(value)) throw new Unfit()
    super._write(tap, value)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return isFloat(value) || refuse(value, this, hook)
  }
}

/** Enums whose symbols are only those of the schema, where avsc takes `constructor` too. */
export class StrictEnum extends avroTypes.EnumType {
  override _write(tap: Tap, value: unknown): void {
    const index = typeof value === 'string' ? this._indices[value] : undefined
    if (typeof index !== 'number') throw new Unfit()
    tap.writeLong(index)
  }
  override _check(value: unknown, _flags: unknown, hook: ErrorHook): boolean {
    return (typeof value === 'string' && typeof this._indices[value] === 'number') || refuse(value, this, hook)
  }
}

export function readString(tap: Tap): string {
  const start = tap.pos
  const text = tap.readString()
  if (text === undefined) return ''
  if (text.includes('\uFFFD')) {
    const end = tap.pos
    tap.pos = start
    const length = tap.readLong()
    tap.pos = end
    if (!isUtf8(tap.buf.subarray(end - length, end))) throw new Error('a string in them is not UTF-8')
  }
  return text
}

export function writeString(tap: Tap, value: unknown): void {
  if (typeof value !== 'string' || !value.isWellFormed()) throw new Unfit()
  tap.writeString(value)
}

function isFloat(value: unknown): boolean {
  return typeof value === 'number' && (Math.abs(value) < LARGEST_FLOAT || !Number.isFinite(value))
}
