import type { Changelog, ChangelogOptions } from '@snapstream/core/adapter'
import { expectTransactional } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import type { ProduceRecord } from '../driver/driver.ts'
import { rarely } from '../driver/rarely.ts'
import type { DeliveryListener } from '../producer/accumulator.ts'
import { acquireProducer } from '../producer/producer-pool.ts'
import type { ProducerTopic } from '../producer/producer.ts'
import { NO_HEADERS } from '../record/encode-record.ts'
import { runTransaction } from '../transaction/run-transaction.ts'
import type { TransactionMember } from '../transaction/run-transaction.ts'
import { rejectOnAbort } from '../writing/reject-on-abort.ts'
import { acknowledgedOffsets } from './acknowledged-offsets.ts'
import type { AcknowledgedOffsets } from './acknowledged-offsets.ts'

/** The writing half of a changelog. */
export interface ChangelogRecords extends Pick<Changelog, 'transaction' | 'send' | 'flush'> {
  close(): Promise<void>
}

/** How the records of a changelog are written. */
export interface RecordsOptions {
  readonly topic: string
  /** Of the source. */
  readonly settings: ResolvedSettings
  readonly options: Pick<ChangelogOptions, 'host' | 'scope' | 'signal' | 'trouble' | 'checkpoint' | 'enabled'>
}

/** Nothing is written. */
export const NO_RECORDS: ChangelogRecords = {
  transaction: undefined,
  send() {},
  flush: () => new Map(),
  async close() {},
}

/** Records that are sent at once, each at least once, by the producer that topics with these settings share. */
export async function atLeastOnceRecords({ topic, settings, options }: RecordsOptions): Promise<ChangelogRecords> {
  const { host, signal } = options
  const lease = await acquireProducer(durable(settings), host)
  try {
    const to = await lease.producer.topic(topic)
    let failure: Error | undefined
    const records = acknowledgedOffsets(to, {
      failed(error) {
        failure ??= error
      },
      retried: rarely(options.trouble),
    })
    return {
      transaction: undefined,
      send: (partition, key, value) => records.send(recordOf(key, value, host.now()), partition, UNHEARD),
      async flush() {
        records.mark()
        const aborted = rejectOnAbort(signal, topic)
        try {
          await Promise.race([to.drained(), aborted.promise])
        } finally {
          aborted.stop()
        }
        if (failure !== undefined) throw failure
        return records.take()
      },
      close: lease.release,
    }
  } catch (error) {
    await lease.release()
    throw error
  }
}

/** A restore has to find each acknowledged record once, so all replicas acknowledge it. */
function durable(settings: ResolvedSettings): ResolvedSettings {
  const idempotence = !settings.driver.supports.ignoredSettings.includes('idempotence')
  return { ...settings, producer: { ...settings.producer, acks: -1, idempotence } }
}

/**
 * Records that belong to the transaction of the run. Without a changelog, positions are still committed in it.
 *
 * @param what the subject of messages: `the store "counts"`
 */
export function transactionalRecords({ topic, settings, options }: RecordsOptions, what: string): ChangelogRecords {
  expectTransactional(settings, `exactlyOnce of ${what}`)
  const transaction = runTransaction(options.scope)
  let to: ProducerTopic | undefined
  let records: AcknowledgedOffsets | undefined
  let failure: Error | undefined
  /** By partition, the offset behind the last committed record. */
  let committed = new Map<number, number>()
  const member: TransactionMember = {
    topic,
    settings,
    options,
    async connected(producer) {
      if (!options.enabled) return
      to ??= await producer.topic(topic)
      records ??= acknowledgedOffsets(to, {
        failed(error) {
          failure ??= transaction.undelivered(error)
        },
        retried: rarely(options.trouble),
      })
    },
    async delivered() {
      // Records of the next transaction are not sent before this one is committed.
      records?.mark()
      await to?.drained()
      if (failure !== undefined) throw failure
      for (const [partition, offset] of records?.take() ?? []) committed.set(partition, offset)
    },
  }
  transaction.join(member)
  return {
    transaction: {
      atomic: transaction,
      release: transaction.release,
      undo: transaction.held.drop,
      prepare: transaction.prepare,
      flush: transaction.flush,
      abort: transaction.abort,
      accepts: transaction.accepts,
    },
    send(partition, key, value) {
      if (to === undefined || records === undefined) return
      const record = recordOf(key, value, options.host.now())
      return transaction.add({
        to: records,
        record,
        partition,
        listener: UNHEARD,
        bytes: to.check(record, partition),
      })
    },
    flush() {
      const offsets = committed
      committed = new Map()
      return offsets
    },
    close: () => transaction.leave(member),
  }
}

/** The outcome of a record is for its partition's listener. */
const UNHEARD: DeliveryListener = { acknowledged() {}, failed() {} }

function recordOf(key: ProduceRecord['key'], value: ProduceRecord['value'], timestamp: number): ProduceRecord {
  return { key, value, headers: NO_HEADERS, timestamp }
}
