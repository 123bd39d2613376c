import type { MaybePromise } from '@snapstream/core'
import type { Compression, ProduceRecord, TopicPartition } from '../driver/driver.ts'
import type { ProduceRequest } from '../wire/protocol/connection.ts'
import { CHECKED_FROM, CHECKSUM_AT, HEADER_BYTES, writeBatchHeader } from './batch-header.ts'
import { COMPRESSIONS, compressionCodec } from './compression.ts'
import type { Crc32c } from './fetched-partition.ts'
import { recordWriter } from './record-writer.ts'

export interface EncodeOptions {
  readonly compression: Compression
  /** With idempotence, together with `firstSequence`. */
  readonly producer?: { readonly producerId: number; readonly producerEpoch: number } | undefined
  /** How many records the producer has sent to the partition before; -1 without idempotence. */
  readonly firstSequence: number
}

/** Throws, or rejects with, `ENCODE_FAILED`, and `UNSUPPORTED` where the package of the compression is not installed. */
export type RecordBatchEncoder = (records: readonly ProduceRecord[], options: EncodeOptions) => MaybePromise<Buffer>

/**
 * Makes record batches in Kafka's format 2. Records are written into a buffer that is kept, and then copied at their size.
 * Without compression the batch is returned at once, and not as a promise.
 */
export function recordBatchEncoder({ crc32c }: { readonly crc32c: Crc32c }): RecordBatchEncoder {
  const write = recordWriter()
  return (records, { compression, producer, firstSequence }) => {
    const { bytes, baseTimestamp, maxTimestamp } = write(records)
    const header = {
      compression: COMPRESSIONS.indexOf(compression),
      count: records.length,
      baseTimestamp,
      maxTimestamp,
      producerId: producer?.producerId ?? -1,
      producerEpoch: producer?.producerEpoch ?? -1,
      firstSequence,
    }
    const finish = (batch: Buffer): Buffer => {
      writeBatchHeader(batch, header)
      batch.writeUInt32BE(crc32c(batch.subarray(CHECKED_FROM)), CHECKSUM_AT)
      return batch
    }
    // Not in Node's pool: the whole pool would be held as long as the batch.
    const copy = Buffer.allocUnsafeSlow(bytes.length)
    copy.set(bytes)
    return compression === 'none' ? finish(copy) : compressed(copy, compression).then(finish)
  }
}

async function compressed(batch: Buffer, compression: Exclude<Compression, 'none'>): Promise<Buffer> {
  const codec = await compressionCodec(compression)
  return Buffer.concat([batch.subarray(0, HEADER_BYTES), await codec.compress(batch.subarray(HEADER_BYTES))])
}

/** A record batch as bytes, ready for a request. */
export interface EncodedBatch extends TopicPartition {
  readonly records: Buffer
}

/** Encodes the batches of a request; compression runs side by side. Rejects as the encoder does. */
export function encodeBatches(
  encode: RecordBatchEncoder,
  { compression, producer, batches }: Pick<ProduceRequest, 'compression' | 'producer' | 'batches'>,
): Promise<readonly EncodedBatch[]> {
  return Promise.all(
    batches.map(async ({ topic, partition, records, firstSequence }) => ({
      topic,
      partition,
      records: await encode(records, { compression, producer, firstSequence }),
    })),
  )
}
