import { SnapstreamError } from '@snapstream/core'
import type { Driver, TransactionalProducer } from '@snapstream/kafka/driver'

/** A driver of which every second transaction is aborted. */
export interface AbortingDriver {
  readonly driver: Driver
  /** How many transactions were aborted. */
  aborted(): number
}

/** Aborts every second transaction at its commit, the first one as well, as brokers do with one that took too long. */
export function abortingDriver(inner: Driver): AbortingDriver {
  let commits = 0
  let aborted = 0
  const aborting = (producer: TransactionalProducer): TransactionalProducer => ({
    ...producer,
    async commit() {
      if (++commits % 2 === 0) return producer.commit()
      aborted++
      await producer.abort()
      throw new SnapstreamError('TRANSACTION_ABORTED', 'the test aborts every second transaction')
    },
  })
  const driver: Driver = {
    ...inner,
    client(settings) {
      const client = inner.client(settings)
      return {
        ...client,
        transactionalProducer: async (of) => aborting(await client.transactionalProducer(of)),
      }
    },
  }
  return { driver, aborted: () => aborted }
}
