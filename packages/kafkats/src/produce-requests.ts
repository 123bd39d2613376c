import type { Broker } from '@kafkats/client'
import type { RecordBatchEncoder } from '@snapstream/kafka/record-batch'
import { produceOver } from '@snapstream/kafka/wire'
import type { Connection, RawRequests } from '@snapstream/kafka/wire'
import type { Call } from './internals.ts'

/** Produce, and InitProducerId over one connection of @kafkats/client. */
export function produceRequests(
  broker: Broker,
  call: Call,
  encode: RecordBatchEncoder,
  raw: RawRequests,
): Pick<Connection, 'produce' | 'initProducerId'> {
  return {
    produce: produceOver(raw, encode),

    async initProducerId() {
      const send = () => broker.initProducerId({ transactionalId: null, transactionTimeoutMs: 0 })
      const { errorCode, producerId, producerEpoch } = await call('InitProducerId', send)
      return { errorCode, producerId: Number(producerId), producerEpoch }
    },
  }
}
