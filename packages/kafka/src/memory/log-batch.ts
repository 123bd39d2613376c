import type { RecordBatch, TopicPartition } from '../driver/driver.ts'
import type { StoredRecord } from './partition-log.ts'

/** Records of a log as a batch. */
export function logBatch(
  { topic, partition }: TopicPartition,
  first: number,
  records: readonly StoredRecord[],
  endOffset: number,
): RecordBatch {
  const at = (i: number): StoredRecord => {
    const record = records[i]
    if (!record) throw new RangeError(`a batch of ${records.length} records has no record ${i}`)
    return record
  }
  let bytes = 0
  for (const record of records) bytes += record.bytes
  return {
    topic,
    partition,
    length: records.length,
    nextOffset: first + records.length,
    endOffset,
    bytes,
    offset: (i) => first + i,
    key: (i) => at(i).key,
    value: (i) => at(i).value,
    headers(i) {
      const { headers } = at(i)
      return headers instanceof Uint8Array ? undefined : headers
    },
    headerBytes(i) {
      const { headers } = at(i)
      return headers instanceof Uint8Array ? headers : undefined
    },
    timestamp: (i) => at(i).timestamp,
  }
}
