import type { Connection } from '../wire/protocol/connection.ts'
import { byTopic } from '../wire/protocol/by-topic.ts'
import { flat } from './flat.ts'
import { readFetchAnswer } from './fetch-answer.ts'
import type { OpenBroker } from './open-broker.ts'

interface ErrorOfPartition {
  readonly partition: number
  readonly errorCode: number
}

/** The requests that read records. */
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
        // From version 8 on a broker answers at once, and then does not read for so long.
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
        responses: { topic: string; partitions: (ErrorOfPartition & { offset: string })[] }[]
      }>(protocol)
      return flat(responses).map(({ topic, partition, errorCode, offset }) => ({
        topic,
        partition,
        errorCode,
        offset: Number(offset),
      }))
    },
  }
}
