import { isUtf8 } from 'node:buffer'
import { avroTypes, refuse, Unfit, type ErrorHook, type Tap } from './internals.ts'

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
  return readAscii(tap) ?? readUtf8(tap)
}

/** A short text without anything but ASCII takes half as long in JavaScript as by a call out of it. */
function readAscii(tap: Tap): string | undefined {
  const { buf, pos } = tap
  const doubled = buf[pos]!
  if (doubled > 2 * SHORT || doubled % 2 === 1) return undefined
  const end = pos + 1 + doubled / 2
  if (!(end <= buf.length)) return undefined
  const text = ASCII_READERS[doubled / 2]!(buf, pos + 1)
  if (text !== undefined) tap.pos = end
  return text
}

function readUtf8(tap: Tap): string {
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
  if (typeof value !== 'string') throw new Unfit()
  if (value.length <= SHORT && writeAscii(tap, value)) return
  if (!value.isWellFormed()) throw new Unfit()
  tap.writeString(value)
}

/** Whether it could be written: for a short text this loop is quicker than the two calls out of JavaScript that avsc makes. */
function writeAscii(tap: Tap, text: string): boolean {
  const { buf, pos } = tap
  const { length } = text
  // Beyond the end avsc counts on, to learn how much room it takes.
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

function isFloat(value: unknown): boolean {
  return typeof value === 'number' && (Math.abs(value) < LARGEST_FLOAT || !Number.isFinite(value))
}
