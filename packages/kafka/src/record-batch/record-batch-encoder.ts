import type { MaybePromise } from '@snapstream/core'
import type { Compression, ProduceRecord, TopicPartition } from '../driver/driver.ts'
import type { ProduceRequest } from '../wire/protocol/connection.ts'
import { CHECKED_FROM, CHECKSUM_AT, HEADER_BYTES, writeBatchHeader } from './batch-header.ts'
import { COMPRESSIONS, compressionCodec } from './compression.ts'
import type { Crc32c } from './fetched-partition.ts'
import { recordWriter } from './record-writer.ts'

/** How to encode a batch. */
export interface EncodeOptions {
  /** The codec that compresses the records. */
  readonly compression: Compression
  /** An idempotent producer. Default: no idempotence. */
  readonly producer?:
    | {
        /** The id that the broker gave to the producer. */
        readonly producerId: number
        /** The epoch of the id. */
        readonly producerEpoch: number
      }
    | undefined
  /** The number of records that the producer has sent to the partition before; -1 without idempotence. */
  readonly firstSequence: number
  /** Whether the batch is part of a transaction of the producer. Default: false. */
  readonly transactional?: boolean
}

/**
 * Encodes records as one record batch. Returns a promise only with compression. Throws or rejects with `ENCODE_FAILED`, and
 * rejects with `UNSUPPORTED` if the package of the compression is not installed.
 */
export type RecordBatchEncoder = (records: readonly ProduceRecord[], options: EncodeOptions) => MaybePromise<Buffer>

/**
 * Makes an encoder of record batches in Kafka's format 2. It writes records into a buffer that it keeps, and returns a copy
 * of their size.
 *
 * @param crc32c computes the checksum of each batch
 */
export function recordBatchEncoder({ crc32c }: { readonly crc32c: Crc32c }): RecordBatchEncoder {
  const write = recordWriter()
  return (records, { compression, producer, firstSequence, transactional = false }) => {
    const { bytes, baseTimestamp, maxTimestamp } = write(records)
    const header = {
      compression: COMPRESSIONS.indexOf(compression),
      transactional,
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
  /** The bytes of the record batch. */
  readonly records: Buffer
}

/** Encodes the batches of a Produce request, in order. Compression runs in parallel. Rejects as the encoder does. */
export function encodeBatches(
  encode: RecordBatchEncoder,
  request: Pick<ProduceRequest, 'compression' | 'producer' | 'transaction' | 'batches'>,
): Promise<readonly EncodedBatch[]> {
  const { compression, producer, batches } = request
  const transactional = request.transaction !== undefined
  return Promise.all(
    batches.map(async ({ topic, partition, records, firstSequence }) => ({
      topic,
      partition,
      records: await encode(records, { compression, producer, firstSequence, transactional }),
    })),
  )
}
