import type { Broker } from '@kafkats/client'
import type { Crc32c } from '@snapstream/kafka/record-batch'
import type { Connection } from '@snapstream/kafka/wire'
import { byTopic, byTopicName } from '@snapstream/kafka/wire'
import type { Call } from './internals.ts'

const NOTHING = Buffer.alloc(0)
/** Kafka's number of the isolation level `read_committed`. */
const READ_COMMITTED = 1
const READ_UNCOMMITTED = 0
/** The largest number below 2^63. Any client may commit an offset of 64 bits, which must be out of range, and no other error. */
const MAX_OFFSET = 2 ** 63 - 1024

export function fetchRequests(
  broker: Broker,
  call: Call,
  checkWith: Crc32c | undefined,
): Pick<Connection, 'fetch' | 'listOffsets'> {
  return {
    async fetch({ maxWaitMs, maxBytes, readCommitted, rackId, partitions }) {
      const request = {
        maxWaitMs,
        minBytes: 1,
        maxBytes,
        isolationLevel: readCommitted ? READ_COMMITTED : READ_UNCOMMITTED,
        rackId,
        topics: byTopic(partitions, ({ partition, offset, maxBytes }) => ({
          partitionIndex: partition,
          fetchOffset: BigInt(Math.min(offset, MAX_OFFSET)),
          partitionMaxBytes: maxBytes,
        })),
      }
      const answer = await call('Fetch', () => broker.fetch(request))
      return {
        errorCode: answer.errorCode,
        partitions: answer.topics.flatMap(({ topic, partitions }) =>
          partitions.map((fetched) => ({
            topic,
            partition: fetched.partitionIndex,
            errorCode: fetched.errorCode,
            aborted: fetched.abortedTransactions.map(({ producerId, firstOffset }) => ({
              producerId: Number(producerId),
              firstOffset: Number(firstOffset),
            })),
            endOffset: Number(fetched.highWatermark),
            // A broker answers -1 if the request does not ask for committed records.
            lastStableOffset: Number(readCommitted ? fetched.lastStableOffset : fetched.highWatermark),
            preferredReplica: fetched.preferredReadReplica,
            records: fetched.recordsData ?? NOTHING,
            ...(checkWith && { crc32c: checkWith }),
          })),
        ),
      }
    },

    async listOffsets({ readCommitted, partitions }) {
      const request = {
        isolationLevel: readCommitted ? READ_COMMITTED : READ_UNCOMMITTED,
        topics: byTopicName(partitions, ({ partition, timestamp }) => ({
          partitionIndex: partition,
          timestamp: BigInt(Math.trunc(timestamp)),
        })),
      }
      const answer = await call('ListOffsets', () => broker.listOffsets(request))
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode, offset }) => ({
          topic: name,
          partition: partitionIndex,
          errorCode,
          offset: Number(offset),
        })),
      )
    },
  }
}
