import { sleep } from '@snapstream/core/adapter'
import type {
  ClientSettings,
  ProduceBatch,
  ProduceResult,
  TransactionalProducer,
  TransactionalProducerSettings,
} from '../../driver/driver.ts'
import { openCluster } from '../cluster/cluster.ts'
import { KAFKA } from '../errors/error-table.ts'
import { brokerErrorCode } from '../errors/kafka-error.ts'
import { pauseMs } from '../errors/retry.ts'
import type { Connect } from '../protocol/connection.ts'
import { createSender } from '../produce/sender.ts'
import { transactionManager } from './transaction-manager.ts'

/** All in-sync replicas. */
const ACKS = -1

/**
 * Makes a transactional producer over the connections of a client library, and initialises its id. Rejects with
 * `BROKER_UNREACHABLE`, `AUTHENTICATION_REFUSED`, `UNSUPPORTED`, and with `USAGE` for a time-out that the brokers refuse.
 */
export async function transactionalProducer(
  connect: Connect,
  client: ClientSettings,
  settings: TransactionalProducerSettings,
): Promise<TransactionalProducer> {
  const { compression, deliveryTimeoutMs } = settings
  const cluster = await openCluster(client, connect)
  const ended = new AbortController()
  const manager = transactionManager(cluster, settings, ended.signal)
  const sender = createSender({
    cluster,
    client,
    settings: { acks: ACKS, compression },
    numbers: manager.numbers,
    prepare: manager.prepare,
    transaction: manager.transaction,
  })
  try {
    await manager.initialize()
  } catch (error) {
    await sender.close()
    throw error
  }

  async function send(batches: readonly ProduceBatch[]): Promise<readonly ProduceResult[]> {
    const results = new Map<ProduceBatch, ProduceResult>()
    await sendSoon(batches, results)
    return batches.map((batch) => judged(results.get(batch) as ProduceResult))
  }

  /** Sends batches, and those again that the transaction before holds up. */
  async function sendSoon(batches: readonly ProduceBatch[], results: Map<ProduceBatch, ProduceResult>): Promise<void> {
    const end = performance.now() + deliveryTimeoutMs
    let waiting = batches
    while (waiting.length > 0) {
      const answered = await sender.send(waiting)
      waiting.forEach((batch, i) => void results.set(batch, answered[i] as ProduceResult))
      const [busy] = (waiting = waiting.filter((batch) => isBusy(results.get(batch))))
      if (!busy || ended.signal.aborted || performance.now() > end) return
      await sleep(pauseMs(results.get(busy)?.error?.cause, 1), ended.signal)
    }
  }

  function judged(result: ProduceResult): ProduceResult {
    if (result.error === undefined) return result
    const error = manager.failed(result.error, 'send')
    return error === result.error ? result : { error, retriable: false }
  }

  const underWay = new Set<Promise<unknown>>()
  return {
    partitions: sender.partitions,
    async send(batches) {
      const sending = send(batches)
      underWay.add(sending)
      try {
        return await sending
      } finally {
        underWay.delete(sending)
      }
    },
    sendOffsets: manager.sendOffsets,
    async commit() {
      await Promise.allSettled(underWay)
      await manager.commit()
    },
    async abort() {
      // A batch that arrives after the end of its transaction would hold up its partition (librdkafka#4849).
      await Promise.allSettled(underWay)
      await manager.abort()
    },
    async close() {
      ended.abort()
      await sender.close()
    },
  }
}

function isBusy(result: ProduceResult | undefined): boolean {
  return brokerErrorCode(result?.error) === KAFKA.CONCURRENT_TRANSACTIONS
}
