const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

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
  const unscaled = BigInt(whole + fraction.padEnd(scale, '0'))
  if (unscaled.toString().length > precision) return undefined
  return sign === '-' ? -unscaled : unscaled
}

/** Two's complement, the most significant byte first. */
export function fromTwosComplement(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
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
