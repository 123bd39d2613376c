import type { Int64 } from '../driver/int64.ts'

/** A 64-bit integer as a number: exact up to 2^53, which no offset reaches that a broker counted. */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
}

/** A 64-bit integer, exact: a time may be any. */
export function readExactInt64(bytes: Buffer, at: number): Int64 {
  const near = readInt64(bytes, at)
  return Number.isSafeInteger(near) ? near : bytes.readBigInt64BE(at)
}
