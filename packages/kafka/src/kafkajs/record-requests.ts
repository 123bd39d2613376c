import type { Connection } from '../wire/connection.ts'
import { byTopic } from '../wire/by-topic.ts'
import { flat } from './flat.ts'
import { COMPRESSION_TYPES, useCodec } from './compression.ts'
import { readFetchAnswer } from './fetch-answer.ts'
import { kafkajsMessage } from './kafkajs-message.ts'
import type { OpenBroker } from './open-broker.ts'

interface ErrorOfPartition {
  readonly partition: number
  readonly errorCode: number
}

/** The requests that are about records. */
export function recordRequests(broker: OpenBroker): Pick<Connection, 'produce' | 'fetch' | 'listOffsets'> {
  return {
    async produce({ acks, timeoutMs, compression, producer, batches }) {
      await useCodec(broker.kafkajs, compression)
      const protocol = broker.request('Produce', {
        acks,
        timeout: timeoutMs,
        compression: COMPRESSION_TYPES[compression],
        producerId: producer?.producerId ?? -1,
        producerEpoch: producer?.producerEpoch ?? -1,
        topicData: byTopic(batches, ({ partition, records, firstSequence }) => ({
          partition,
          firstSequence,
          messages: records.map(kafkajsMessage),
        })),
      })
      const answer = await broker.send<{ topics: { topicName: string; partitions: ErrorOfPartition[] }[] } | undefined>(
        protocol,
      )
      const topics = answer?.topics.map(({ topicName: topic, partitions }) => ({ topic, partitions })) ?? []
      return flat(topics).map(({ topic, partition, errorCode }) => ({ topic, partition, errorCode }))
    },

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
      const { bytes } = await broker.send<{ bytes: Buffer }>({
        ...protocol,
        requestTimeout: broker.requestTimeoutMs + maxWaitMs,
        response: {
          ...protocol.response,
          // KafkaJS looks for the time that the broker asks it to be quiet; from version 8 on keeping it is our duty.
          decode: async (bytes) => ({
            bytes,
            clientSideThrottleTime: apiVersion < 8 ? 0 : bytes.readInt32BE(0),
          }),
        },
      })
      return readFetchAnswer({ apiVersion, bytes })
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
