import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { Broker } from '@kafkats/client'
import { encodeBatches } from '@snapstream/kafka/record-batch'
import type { RecordBatchEncoder } from '@snapstream/kafka/record-batch'
import type { Connection } from '@snapstream/kafka/wire'
import { byTopicName } from './by-topic-name.ts'
import type { Call } from './caller.ts'

export function produceRequests(
  broker: Broker,
  call: Call,
  { encode, socket }: { readonly encode: RecordBatchEncoder; readonly socket: Socket },
): Pick<Connection, 'produce' | 'initProducerId'> {
  /** Without an acknowledgement only the socket can say that there is too much. */
  async function drained(): Promise<void> {
    if (!socket.writableNeedDrain) return
    const ended = new AbortController()
    const { signal } = ended
    await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })])
    ended.abort()
  }

  return {
    async produce({ acks, timeoutMs, ...sent }) {
      const encoded = await encodeBatches(encode, sent)
      const topics = byTopicName(encoded, ({ partition, records }) => ({ partitionIndex: partition, records }))
      const send = async () => {
        const answer = await broker.produce({ acks, timeoutMs, topics })
        if (acks === 0) await drained()
        return answer
      }
      const answer = await call('Produce', send)
      if (acks === 0) return []
      return answer.topics.flatMap(({ name, partitions }) =>
        partitions.map(({ partitionIndex, errorCode }) => ({ topic: name, partition: partitionIndex, errorCode })),
      )
    },

    async initProducerId() {
      const send = () => broker.initProducerId({ transactionalId: null, transactionTimeoutMs: 0 })
      const { errorCode, producerId, producerEpoch } = await call('InitProducerId', send)
      return { errorCode, producerId: Number(producerId), producerEpoch }
    },
  }
}
