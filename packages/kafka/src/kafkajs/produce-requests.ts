import { recordBatchEncoder } from '../record-batch/record-batch-encoder.ts'
import { produceOver } from '../wire/produce/produce-api.ts'
import type { Connection } from '../wire/protocol/connection.ts'
import type { OpenBroker } from './internals.ts'

/** Produce, which KafkaJS encodes at a third of the speed, and InitProducerId. */
export function produceRequests(broker: OpenBroker): Pick<Connection, 'produce' | 'initProducerId'> {
  return {
    produce: produceOver(broker.raw, recordBatchEncoder({ crc32c: broker.kafkajs.crc32c })),

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
