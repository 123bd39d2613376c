import type { TopicPartition } from '../driver/driver.ts'
import type { ProduceRequest } from '../wire/connection.ts'
import type { RecordBatchEncoder } from './record-batch-encoder.ts'

/** A batch as it goes over the wire. */
export interface EncodedBatch extends TopicPartition {
  readonly records: Buffer
}

/** The batches of a request, side by side where they are compressed. Rejects as the encoder does. */
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
