import type { Int64 } from '../driver/int64.ts'

/** The size of the header of a record batch. The records follow it. */
export const HEADER_BYTES = 61
/** The checksum covers all bytes from here on. The broker changes only bytes before it. */
export const CHECKED_FROM = 21
export const CHECKSUM_AT = 17

/** The attribute of batches that are part of a transaction. */
const TRANSACTIONAL = 0x10

/** The fields of the header of a record batch. */
export interface BatchHeader {
  /** Kafka's number of the compression codec. */
  readonly compression: number
  /** Whether the batch is part of a transaction. */
  readonly transactional: boolean
  readonly count: number
  readonly baseTimestamp: Int64
  readonly maxTimestamp: Int64
  readonly producerId: number
  readonly producerEpoch: number
  readonly firstSequence: number
}

/** Writes the header of a complete batch, without its checksum. The broker sets the offset. */
export function writeBatchHeader(batch: Buffer, header: BatchHeader): void {
  writeInt64(batch, 0, 0)
  batch.writeInt32BE(batch.length - 12, 8)
  // The epoch of the leader, which the broker fills in.
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(header.compression | (header.transactional ? TRANSACTIONAL : 0), CHECKED_FROM)
  batch.writeInt32BE(header.count - 1, 23)
  writeInt64(batch, header.baseTimestamp, 27)
  writeInt64(batch, header.maxTimestamp, 35)
  writeInt64(batch, header.producerId, 43)
  batch.writeInt16BE(header.producerEpoch, 51)
  batch.writeInt32BE(header.firstSequence, 53)
  batch.writeInt32BE(header.count, 57)
}

/** Writes a 64-bit integer. */
function writeInt64(bytes: Buffer, value: Int64, at: number): void {
  if (typeof value === 'bigint') {
    bytes.writeBigInt64BE(value, at)
    return
  }
  const high = Math.floor(value / 0x1_0000_0000)
  bytes.writeInt32BE(high, at)
  bytes.writeUInt32BE(value - high * 0x1_0000_0000, at + 4)
}
