import type { Host } from '@snapstream/core'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { TransactionalProducer } from '../driver/driver.ts'
import { createProducer } from '../producer/producer.ts'
import type { Producer } from '../producer/producer.ts'

/** A producer whose records belong to transactions. */
export interface TransactionalConnection {
  /** Begins and ends transactions. */
  readonly driver: TransactionalProducer
  /** Collects records into the batches that `driver` sends. */
  readonly producer: Producer
}

/** Connects, and ends a transaction that an earlier producer with this id has left open. Rejects as the driver does. */
export async function connectTransactional(
  { driver, client, producer: settings, transaction }: ResolvedSettings,
  transactionalId: string,
  host: Host,
): Promise<TransactionalConnection> {
  const { compression, deliveryTimeoutMs } = settings
  const producer = await driver.client(client).transactionalProducer({
    transactionalId,
    transactionTimeoutMs: transaction.timeoutMs,
    deliveryTimeoutMs,
    compression,
  })
  return { driver: producer, producer: createProducer({ producer, settings, host }) }
}
