import type { Broker } from '@kafkats/client'
import { encodeBatches } from '@snapstream/kafka/record-batch'
import type { RecordBatchEncoder } from '@snapstream/kafka/record-batch'
import { byTopicName, produceInTransaction } from '@snapstream/kafka/wire'
import type { Connection, RawRequests } from '@snapstream/kafka/wire'
import type { Call } from './internals.ts'

/** Produce and InitProducerId, over one connection of @kafkats/client. */
export function produceRequests(
  broker: Broker,
  call: Call,
  encode: RecordBatchEncoder,
  raw: RawRequests,
): Pick<Connection, 'produce' | 'initProducerId'> {
  return {
    async produce({ acks, timeoutMs, ...sent }) {
      const encoded = await encodeBatches(encode, sent)
      const { transaction } = sent
      if (transaction) return produceInTransaction(raw, { transaction, timeoutMs, batches: encoded })
      const topics = byTopicName(encoded, ({ partition, records }) => ({ partitionIndex: partition, records }))
      const answer = await call('Produce', () => broker.produce({ acks, timeoutMs, topics }))
      if (acks === 0) return []
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode, recordErrors, errorMessage }) => ({
          topic: name,
          partition: partitionIndex,
          errorCode,
          recordErrors: recordErrors.map(({ batchIndex, batchIndexErrorMessage }) => ({
            index: batchIndex,
            message: batchIndexErrorMessage ?? undefined,
          })),
          message: errorMessage ?? undefined,
        })),
      )
    },

    async initProducerId() {
      const send = () => broker.initProducerId({ transactionalId: null, transactionTimeoutMs: 0 })
      const { errorCode, producerId, producerEpoch } = await call('InitProducerId', send)
      return { errorCode, producerId: Number(producerId), producerEpoch }
    },
  }
}
