import { readInt64 } from '../record-batch/read-int64.ts'
import type { AbortedTransaction, FetchedPartition } from '../record-batch/fetched-partition.ts'

/** Takes an answer to Fetch, versions 4 to 11, apart. Nothing is copied. */
export function readFetchAnswer({ apiVersion, bytes }: { readonly apiVersion: number; readonly bytes: Buffer }): {
  errorCode: number
  partitions: FetchedPartition[]
} {
  let at = 4
  let errorCode = 0
  if (apiVersion >= 7) {
    errorCode = bytes.readInt16BE(at)
    at += 6
  }
  const partitions: FetchedPartition[] = []
  const int32 = () => bytes.readInt32BE((at += 4) - 4)
  for (let topics = int32(); topics > 0; topics--) {
    const length = bytes.readInt16BE(at)
    const topic = bytes.toString('utf8', at + 2, (at += 2 + length))
    for (let count = int32(); count > 0; count--) {
      const partition = int32()
      const errorCode = bytes.readInt16BE(at)
      const endOffset = readInt64(bytes, at + 2)
      const lastStableOffset = readInt64(bytes, at + 10)
      // From version 5 on the start of the log follows.
      at += apiVersion >= 5 ? 26 : 18
      const aborted: AbortedTransaction[] = []
      for (let transactions = int32(); transactions > 0; transactions--) {
        aborted.push({ producerId: readInt64(bytes, at), firstOffset: readInt64(bytes, at + 8) })
        at += 16
      }
      const preferredReplica = apiVersion >= 11 ? int32() : -1
      const size = Math.max(0, int32())
      const records = bytes.subarray(at, at + size)
      partitions.push({ topic, partition, errorCode, aborted, endOffset, lastStableOffset, preferredReplica, records })
      at += size
    }
  }
  return { errorCode, partitions }
}
