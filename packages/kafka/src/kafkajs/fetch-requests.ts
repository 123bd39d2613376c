import type { AbortedTransaction, FetchedPartition } from '../record-batch/fetched-partition.ts'
import { byTopic, flatten } from '../driver/topic-partition.ts'
import { byteReader } from '../wire/protocol/byte-reader.ts'
import type { Answer, Connection } from '../wire/protocol/connection.ts'
import type { OpenBroker } from './internals.ts'

/** The requests that read records and the offsets at which partitions begin and end. */
export function fetchRequests(broker: OpenBroker): Pick<Connection, 'fetch' | 'listOffsets'> {
  return {
    async fetch({ maxWaitMs, maxBytes, readCommitted, rackId, partitions }) {
      const protocol = broker.request('Fetch', {
        maxWaitTime: maxWaitMs,
        minBytes: 1,
        maxBytes,
        isolationLevel: readCommitted ? 1 : 0,
        rackId,
        topics: byTopic(partitions, ({ partition, offset, maxBytes }) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes,
        })),
      })
      const { apiVersion } = protocol.request
      const decode = async (bytes: Buffer) => ({
        ...readFetchAnswer({ apiVersion, bytes }),
        // Since version 8 a throttling broker answers at once, and then does not read for this long.
        clientSideThrottleTime: apiVersion < 8 ? 0 : bytes.readInt32BE(0),
      })
      return broker.send<ReturnType<typeof readFetchAnswer>>({ ...protocol, response: { decode } }, maxWaitMs)
    },

    async listOffsets({ readCommitted, partitions }) {
      const protocol = broker.request('ListOffsets', {
        isolationLevel: readCommitted ? 1 : 0,
        topics: byTopic(partitions, ({ partition, timestamp }) => ({ partition, timestamp: String(timestamp) })),
      })
      const { responses } = await broker.send<{
        responses: { topic: string; partitions: (Answer & { partition: number; offset: string })[] }[]
      }>(protocol)
      return flatten(responses).map(({ topic, partition, errorCode, offset }) => ({
        topic,
        partition,
        errorCode,
        offset: Number(offset),
      }))
    },
  }
}

/** Reads an answer to Fetch in versions 4 to 11, without copying. Throws `KAFKA_FAILED` for an invalid answer. */
export function readFetchAnswer({ apiVersion, bytes }: { readonly apiVersion: number; readonly bytes: Buffer }): {
  errorCode: number
  partitions: FetchedPartition[]
} {
  const read = byteReader(bytes, 'an answer to Fetch')
  // The throttle time, which the caller reads.
  read.int32()
  let errorCode = 0
  if (apiVersion >= 7) {
    errorCode = read.int16()
    // The id of a fetch session, which is not used.
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
