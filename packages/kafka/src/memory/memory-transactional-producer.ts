import { toError } from '@snapstream/core'
import { closed } from '../driver/driver-error.ts'
import type { TransactionalProducer, TransactionalProducerSettings } from '../driver/driver.ts'
import type { MemoryBroker } from './memory-broker.ts'
import { partitionsOf, produce } from './memory-producer.ts'
import type { ProducerSession } from './memory-transactions.ts'

/** A producer whose records and offsets belong to transactions of a broker in memory. */
export function memoryTransactionalProducer(
  broker: MemoryBroker,
  { transactionalId, transactionTimeoutMs }: TransactionalProducerSettings,
): TransactionalProducer {
  const init = () => broker.transactions.init(transactionalId, transactionTimeoutMs)
  let isOpen = true
  /** Undefined after the abort of a session that was fenced. */
  let session: ProducerSession | undefined = init()

  function live(): ProducerSession {
    if (!isOpen) throw closed('producer')
    return (session ??= init())
  }

  return {
    partitions: async (topic) => partitionsOf(broker, topic, isOpen),
    send: async (batches) =>
      batches.map((batch) => {
        try {
          const producer = live()
          return produce(broker, batch, (log) => producer.join(log))
        } catch (error) {
          return { error: toError(error), retriable: false }
        }
      }),
    async sendOffsets(member, offsets) {
      const group = broker.group(member.groupId)
      group.commitIn(live().join(group), member, offsets)
    },
    async commit() {
      if (!isOpen) throw closed('producer')
      session?.commit()
    },
    async abort() {
      if (!isOpen) throw closed('producer')
      session?.abort()
      if (session?.isFenced) session = undefined
    },
    async close() {
      isOpen = false
    },
  }
}
