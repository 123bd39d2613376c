import { byteReader } from '../wire/protocol/byte-reader.ts'
import type { AbortedTransaction, FetchedPartition } from '../record-batch/fetched-partition.ts'

/** Takes an answer to Fetch, versions 4 to 11, apart. Nothing is copied. Throws `KAFKA_FAILED` for bytes that are none. */
export function readFetchAnswer({ apiVersion, bytes }: { readonly apiVersion: number; readonly bytes: Buffer }): {
  errorCode: number
  partitions: FetchedPartition[]
} {
  const read = byteReader(bytes, 'an answer to Fetch')
  // The time of silence.
  read.int32()
  let errorCode = 0
  if (apiVersion >= 7) {
    errorCode = read.int16()
    // The id of a session, of which there is none.
    read.int32()
  }
  const partitions: FetchedPartition[] = []
  read.array(() => {
    const topic = read.string()
    read.array(() => {
      const partition = read.int32()
      const errorCode = read.int16()
      const endOffset = read.int64()
      const lastStableOffset = read.int64()
      // The start of the log.
      if (apiVersion >= 5) read.int64()
      const aborted: AbortedTransaction[] = read.array(() => ({ producerId: read.int64(), firstOffset: read.int64() }))
      const preferredReplica = apiVersion >= 11 ? read.int32() : -1
      const records = read.bytes()
      partitions.push({ topic, partition, errorCode, aborted, endOffset, lastStableOffset, preferredReplica, records })
    })
  })
  return { errorCode, partitions }
}
