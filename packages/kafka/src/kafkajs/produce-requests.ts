import { encodeBatches, recordBatchEncoder } from '../record-batch/record-batch-encoder.ts'
import type { EncodedBatch } from '../record-batch/record-batch-encoder.ts'
import { byTopic } from '../driver/topic-partition.ts'
import { byteReader } from '../wire/protocol/byte-reader.ts'
import type { Connection, ProduceAnswer } from '../wire/protocol/connection.ts'
import { produceInTransaction } from '../wire/produce/produce-api.ts'
import type { OpenBroker } from './internals.ts'

/** Produce in versions 3 to 8, and InitProducerId. */
export function produceRequests(broker: OpenBroker): Pick<Connection, 'produce' | 'initProducerId'> {
  const { Encoder, crc32c } = broker.kafkajs
  const encoder = recordBatchEncoder({ crc32c })

  /** The body of the request, the same in all versions. KafkaJS encodes records at a third of the speed. */
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
      const { transaction } = sent
      if (transaction) return produceInTransaction(broker.raw, { transaction, timeoutMs, batches: encoded })
      const protocol = broker.request('Produce', { acks, timeout: timeoutMs, topicData: [] })
      const { apiVersion } = protocol.request
      const answer = await broker.send<ReturnType<typeof readProduceAnswer> | undefined>({
        ...protocol,
        request: { ...protocol.request, encode: async () => produceBody(acks, timeoutMs, encoded) },
        response: { decode: async (bytes) => readProduceAnswer(apiVersion, bytes) },
      })
      return answer?.answers ?? []
    },

    async initProducerId() {
      const { errorCode, producerId, producerEpoch } = await broker.send<{
        errorCode: number
        producerId: string
        producerEpoch: number
      }>(broker.request('InitProducerId', { transactionalId: null }))
      return { errorCode, producerId: Number(producerId), producerEpoch }
    },
  }
}

/** Reads an answer to Produce in versions 2 to 8. Throws `KAFKA_FAILED` for an invalid answer. */
function readProduceAnswer(apiVersion: number, bytes: Buffer) {
  const read = byteReader(bytes, 'an answer to Produce')
  const answers: ProduceAnswer[] = []
  read.array(() => {
    const topic = read.string()
    read.array(() => {
      const answer = { topic, partition: read.int32(), errorCode: read.int16() }
      // The first offset, the time of appending and the start of the log.
      for (let n = apiVersion >= 5 ? 3 : 2; n > 0; n--) read.int64()
      if (apiVersion < 8) answers.push(answer)
      else {
        const recordErrors = read.array(() => ({ index: read.int32(), message: read.nullableString() }))
        answers.push({ ...answer, recordErrors, message: read.nullableString() })
      }
    })
  })
  const throttleMs = read.int32()
  // Since version 6 a throttling broker answers at once, and then does not read for this long.
  return { answers, clientSideThrottleTime: apiVersion >= 6 ? throttleMs : 0 }
}
