const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/
const BITS_PER_DIGIT = Math.log2(10)

/** More digits than this no decimal has: the time that a number takes grows with more than its length. */
export const MOST_DIGITS = 10_000

/** A decimal as text: with exactly `scale` digits behind the point, which are all of its digits. */
export function toDecimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${scale === 0 ? '' : `.${digits.slice(point)}`}`
}

/** Undefined for what is not a decimal, or has more digits than it may: nothing is rounded. */
export function fromDecimalText(text: unknown, precision: number, scale: number): bigint | undefined {
  if (typeof text !== 'string') return undefined
  const [, sign, whole = '', fraction = ''] = DECIMAL.exec(text) ?? []
  if (sign === undefined || fraction.length > scale) return undefined
  const digits = (whole + fraction.padEnd(scale, '0')).replace(/^0+/, '')
  if (digits.length > precision) return undefined
  const unscaled = BigInt(digits)
  return sign === '-' ? -unscaled : unscaled
}

/** Two's complement, the most significant byte first. Throws for `limit`, which is 10 to the `precision`, and beyond. */
export function fromTwosComplement(bytes: Buffer, precision: number, limit: bigint): bigint {
  if (bytes.length === 0) return 0n
  const fill = bytes[0]! & 0x80 ? 0xff : 0
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === fill) start++
  const tooLong = () => new Error(`a decimal in them has more than ${precision} digits`)
  // Of a number that is much too long the digits are not asked for.
  if ((bytes.length - start - 1) * 8 > precision * BITS_PER_DIGIT) throw tooLong()
  // The byte before carries the sign.
  const number = BigInt(`0x${bytes.toString('hex', start)}`)
  const bits = BigInt((bytes.length - start) * 8)
  const value = fill === 0 ? number : number - (1n << bits)
  if (value >= limit || value <= -limit) throw tooLong()
  return value
}

/** In as few bytes as it takes, or in as many as are given; undefined if it takes more. */
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
