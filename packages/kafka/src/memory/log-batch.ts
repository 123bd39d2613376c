import type { IsolationLevel, RecordBatch, TopicPartition } from '../driver/driver.ts'
import type { StoredRecord } from './partition-log.ts'

/**
 * Records of a log as a batch. It leaves out markers of transactions and, with `read_committed`, the records of aborted
 * transactions.
 *
 * @param records at least one, of successive offsets
 */
export function logBatch(
  { topic, partition }: TopicPartition,
  records: readonly StoredRecord[],
  { endOffset, isolationLevel }: { readonly endOffset: number; readonly isolationLevel: IsolationLevel },
): RecordBatch {
  const shown = records.filter(
    ({ isMarker, transaction }) =>
      !isMarker && (isolationLevel === 'read_uncommitted' || transaction?.outcome !== 'aborted'),
  )
  const at = (i: number): StoredRecord => {
    const record = shown[i]
    if (!record) throw new RangeError(`a batch of ${shown.length} records has no record ${i}`)
    return record
  }
  let bytes = 0
  for (const record of shown) bytes += record.bytes
  return {
    topic,
    partition,
    length: shown.length,
    nextOffset: (records.at(-1)?.offset ?? 0) + 1,
    endOffset,
    bytes,
    offset: (i) => at(i).offset,
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
