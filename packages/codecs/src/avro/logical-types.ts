import { cut } from '../codec-error.ts'
import type { LogicalType } from './logical-type.ts'

const DAY_MS = 86_400_000
const MAX_UINT32 = 2 ** 32 - 1
const DURATION_BYTES = 12
const UUID_BYTES = 16
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

type Attributes = Readonly<Record<string, unknown>>

/** Makes the logical type of a schema; undefined if it does not apply to the schema, which is then used without it. */
type Make = (type: unknown, attributes: Attributes, bigint: boolean) => LogicalType | undefined

/** The logical types of the Avro specification. */
export const LOGICAL_TYPES: Readonly<Record<string, Make>> = {
  date: (type) => (type === 'int' ? dateOf(DAY_MS, 'a Date at midnight UTC', false) : undefined),
  'time-millis': (type) => (type === 'int' ? timeOf(DAY_MS, 'ms', false) : undefined),
  'time-micros': (type, _, bigint) => (type === 'long' ? timeOf(DAY_MS * 1000, 'µs', bigint) : undefined),
  'timestamp-millis': (type, _, bigint) => (type === 'long' ? dateOf(1, 'a Date', bigint) : undefined),
  'timestamp-micros': (type, _, bigint) => (type === 'long' ? countOf('µs since 1970 in UTC', bigint) : undefined),
  'local-timestamp-millis': (type, _, bigint) =>
    type === 'long' ? countOf('ms since 1970 in local time', bigint) : undefined,
  'local-timestamp-micros': (type, _, bigint) =>
    type === 'long' ? countOf('µs since 1970 in local time', bigint) : undefined,
  decimal: decimalOf,
  uuid: uuidOf,
  duration: (type, { size }) => (type === 'fixed' && size === DURATION_BYTES ? duration : undefined),
}

const isCount = (value: unknown, bigint: boolean): value is number | bigint =>
  bigint ? typeof value === 'bigint' : Number.isSafeInteger(value)

const kindOf = (bigint: boolean) => (bigint ? 'bigint' : 'number')

function dateOf(unitMs: number, takes: string, bigint: boolean): LogicalType {
  return {
    kind: 'date',
    takes,
    fromAvro(value: number | bigint) {
      const date = new Date(Number(value) * unitMs)
      if (Number.isNaN(date.getTime())) throw new Error(`a time in them is beyond what a Date holds (${value})`)
      return date
    },
    toAvro(value) {
      if (!(value instanceof Date)) return undefined
      const count = value.getTime() / unitMs
      if (!Number.isInteger(count)) return undefined
      return bigint ? BigInt(count) : count
    },
  }
}

/** A count in the unit that the name states, unchanged. */
function countOf(what: string, bigint: boolean): LogicalType {
  return {
    kind: kindOf(bigint),
    takes: `a whole ${kindOf(bigint)} of ${what}`,
    fromAvro: (value) => value,
    toAvro: (value) => (isCount(value, bigint) ? value : undefined),
  }
}

function timeOf(end: number, unit: string, bigint: boolean): LogicalType {
  const check = (value: number | bigint) => value >= 0 && value < end
  return {
    kind: kindOf(bigint),
    takes: `a whole ${kindOf(bigint)} of ${unit} since midnight`,
    fromAvro(value: number | bigint) {
      if (!check(value)) throw new Error(`a time of day in them is ${value} ${unit}`)
      return value
    },
    toAvro: (value) => (isCount(value, bigint) && check(value) ? value : undefined),
  }
}

function decimalOf(type: unknown, { precision, scale = 0, size }: Attributes): LogicalType | undefined {
  if (type !== 'bytes' && type !== 'fixed') return undefined
  if (!isWhole(precision) || precision === 0 || !isWhole(scale) || scale > precision) return undefined
  if (precision > MOST_DIGITS) throw new Error(`a decimal has at most ${MOST_DIGITS} digits here, got ${precision}`)
  const length = type === 'fixed' && isWhole(size) ? size : undefined
  const limit = 10n ** BigInt(precision)
  return {
    kind: 'string',
    unit: `scale ${scale}`,
    takes: `a string of at most ${precision} digits, ${scale} of them behind the point`,
    fromAvro: (bytes: Buffer) => toDecimalText(fromTwosComplement(bytes, precision, limit), scale),
    toAvro(value) {
      const unscaled = fromDecimalText(value, precision, scale)
      return unscaled === undefined ? undefined : toTwosComplement(unscaled, length)
    },
  }
}

function uuidOf(type: unknown, { size }: Attributes): LogicalType | undefined {
  const shared = { kind: 'string', takes: "a string like '123e4567-e89b-12d3-a456-426614174000'" }
  const checked = (value: unknown) => (typeof value === 'string' && UUID.test(value) ? value : undefined)
  if (type === 'string') {
    return {
      ...shared,
      fromAvro(value: string) {
        if (checked(value) === undefined) throw new Error(`a uuid in them is ${JSON.stringify(cut(value))}`)
        return value
      },
      toAvro: checked,
    }
  }
  if (type !== 'fixed' || size !== UUID_BYTES) return undefined
  return {
    ...shared,
    fromAvro: (bytes: Buffer) => bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    toAvro: (value) =>
      checked(value) === undefined ? undefined : Buffer.from(String(value).replaceAll('-', ''), 'hex'),
  }
}

const duration: LogicalType = {
  kind: 'object',
  takes: 'an object with whole numbers of months, days and milliseconds',
  fromAvro: (bytes: Buffer) => ({
    months: bytes.readUInt32LE(0),
    days: bytes.readUInt32LE(4),
    milliseconds: bytes.readUInt32LE(8),
  }),
  toAvro(value) {
    if (typeof value !== 'object' || value === null || Object.keys(value).length !== 3) return undefined
    const { months, days, milliseconds } = value as Readonly<Record<string, unknown>>
    const bytes = Buffer.alloc(DURATION_BYTES)
    for (const [i, part] of [months, days, milliseconds].entries()) {
      if (!isWhole(part) || part > MAX_UINT32) return undefined
      bytes.writeUInt32LE(part, i * 4)
    }
    return bytes
  },
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/
const BITS_PER_DIGIT = Math.log2(10)

/** The most digits of a decimal: the time to convert one grows faster than its length. */
export const MOST_DIGITS = 10_000

/** A decimal as text, with exactly `scale` digits behind the point. */
export function toDecimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
}

/** Undefined for a value that is no decimal or has too many digits: nothing is rounded. */
export function fromDecimalText(text: unknown, precision: number, scale: number): bigint | undefined {
  if (typeof text !== 'string') return undefined
  const [, sign, whole = '', fraction = ''] = DECIMAL.exec(text) ?? []
  if (sign === undefined || fraction.length > scale) return undefined
  const digits = (whole + fraction.padEnd(scale, '0')).replace(/^0+/, '')
  if (digits.length > precision) return undefined
  const unscaled = BigInt(digits)
  return sign === '-' ? -unscaled : unscaled
}

/** Reads two's complement, big-endian. Throws for values of more than `precision` digits; `limit` is 10 ** precision. */
export function fromTwosComplement(bytes: Buffer, precision: number, limit: bigint): bigint {
  if (bytes.length === 0) return 0n
  const fill = bytes[0]! & 0x80 ? 0xff : 0
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === fill) start++
  const tooLong = () => new Error(`a decimal in them has more than ${precision} digits`)
  // A number that is far too long is not converted.
  if ((bytes.length - start - 1) * 8 > precision * BITS_PER_DIGIT) throw tooLong()
  // The skipped bytes only repeat the sign.
  const number = BigInt(`0x${bytes.toString('hex', start)}`)
  const bits = BigInt((bytes.length - start) * 8)
  const value = fill === 0 ? number : number - (1n << bits)
  if (value >= limit || value <= -limit) throw tooLong()
  return value
}

/** Writes two's complement in `size` bytes, or in as few as possible; undefined if it does not fit. */
export function toTwosComplement(value: bigint, size: number | undefined): Buffer | undefined {
  let length = 1
  while (BigInt.asIntN(length * 8, value) !== value) length++
  if (size !== undefined && length > size) return undefined
  length = size ?? length
  return Buffer.from(
    BigInt.asUintN(length * 8, value)
      .toString(16)
      .padStart(length * 2, '0'),
    'hex',
  )
}
