import type { Int64 } from '../driver/int64.ts'

/** Writes a 64-bit integer. */
export function writeInt64(bytes: Buffer, value: Int64, at: number): void {
  if (typeof value === 'bigint') {
    bytes.writeBigInt64BE(value, at)
    return
  }
  const high = Math.floor(value / 0x1_0000_0000)
  bytes.writeInt32BE(high, at)
  bytes.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}
