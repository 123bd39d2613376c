import { encodeBatches, recordBatchEncoder } from '../record-batch/record-batch-encoder.ts'
import type { EncodedBatch } from '../record-batch/record-batch-encoder.ts'
import type { Connection } from '../wire/protocol/connection.ts'
import { byTopic } from '../wire/protocol/by-topic.ts'
import { flat } from './flat.ts'
import { readFetchAnswer } from './fetch-answer.ts'
import { readProduceAnswer } from './produce-answer.ts'
import type { OpenBroker } from './open-broker.ts'

interface ErrorOfPartition {
  readonly partition: number
  readonly errorCode: number
}

/** The requests that are about records. */
export function recordRequests(broker: OpenBroker): Pick<Connection, 'produce' | 'fetch' | 'listOffsets'> {
  const { Encoder, crc32c } = broker.kafkajs
  const encoder = recordBatchEncoder({ crc32c })

  /** The body of the request, the same in versions 3 to 8. KafkaJS writes records at a third of the speed. */
  function produceBody(acks: number, timeoutMs: number, batches: readonly EncodedBatch[]) {
    const topics = byTopic(batches, ({ partition, records }) => new Encoder().writeInt32(partition).writeBytes(records))
    return new Encoder()
      .writeString(null)
      .writeInt16(acks)
      .writeInt32(timeoutMs)
      .writeArray(topics.map(({ topic, partitions }) => new Encoder().writeString(topic).writeArray(partitions)))
  }

  return {
    async produce({ acks, timeoutMs, ...sent }) {
      const encoded = await encodeBatches(encoder, sent)
      const protocol = broker.request('Produce', { acks, timeout: timeoutMs, topicData: [] })
      const { apiVersion } = protocol.request
      const answer = await broker.send<ReturnType<typeof readProduceAnswer> | undefined>({
        ...protocol,
        request: { ...protocol.request, encode: async () => produceBody(acks, timeoutMs, encoded) },
        response: { decode: async (bytes) => readProduceAnswer(apiVersion, bytes) },
      })
      return answer?.answers ?? []
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
