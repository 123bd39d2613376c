import { SnapstreamError, describe, platformHost, toError } from '@snapstream/core'
import { expectTransactional, resolveSettings, sameSettings } from '../conf/resolve-settings.ts'
import type { ResolvedSettings } from '../conf/resolve-settings.ts'
import { usage } from '../conf/usage.ts'
import { specOf } from '../options/topic-spec.ts'
import type { TopicSpec } from '../options/topic-spec.ts'
import type { RecordMeta } from '../record/topic-record.ts'
import type { Topic } from '../topic/topic.ts'
import { topicSender } from '../writing/topic-sender.ts'
import type { TopicSender } from '../writing/topic-sender.ts'
import { callRecord } from '../writing/unencoded-record.ts'
import type { CallOptions } from '../writing/unencoded-record.ts'
import { leaseTransactional } from './transaction-pool.ts'
import type { TransactionLease } from './transaction-pool.ts'

/**
 * Writes one record to a topic as part of the transaction. The topic need not be open. Resolves when the record is
 * acknowledged, which is not yet committed; it need not be awaited. Rejects as a call of the topic does.
 */
export type TransactionWrite = <V, K>(
  topic: Topic<V, K>,
  value: V | null,
  options?: { readonly key?: K | null } & RecordMeta,
) => Promise<void>

/** Options of `transaction`. */
export interface TransactionOptions {
  /**
   * Kafka's `transactional.id`. A process that uses the same id later aborts what this one has left open, and fences it.
   * Transactions with one id run one after another. @default an id for each connection, by which nobody is fenced
   */
  readonly transactionalId?: string | undefined
}

/** The transactions of each given id, which run one after another. */
const turns = new Map<string, Promise<unknown>>()

/**
 * Writes several records, to any number of topics of one cluster, all or nothing: readers with `read_committed` see all of
 * them once the returned promise has resolved, or none. It is for producers outside of a stream; a stream commits what it
 * writes with `exactlyOnce` of `Topic`.
 *
 * Resolves with what `run` returns, once the transaction is committed. If `run` throws or rejects, or a record is not
 * delivered, it is aborted, and the promise rejects with that error. Rejects with `TRANSACTION_ABORTED` if the brokers aborted
 * it (for instance as it took longer than `transactionTimeoutMs`), with `FENCED` if another producer has taken the
 * `transactionalId`: in both cases nothing was written. Rejects with `BROKER_UNREACHABLE` or `KAFKA_FAILED` when no broker has
 * answered for `deliveryTimeoutMs`: it is then not known whether the transaction was committed.
 *
 * @example
 * await transaction(async (write) => {
 *   await write(orders, order, { key: order.id })
 *   await write(audit, `order ${order.id}`)
 * })
 */
export async function transaction<T>(
  run: (write: TransactionWrite) => T,
  options: TransactionOptions = {},
): Promise<Awaited<T>> {
  if (typeof run !== 'function') throw usage(`transaction takes a function, got ${describe(run)}`)
  const { transactionalId } = options
  if (transactionalId === undefined) return transact(run, undefined)
  if (typeof transactionalId !== 'string' || transactionalId === '')
    throw usage(`transactionalId of transaction takes a string that is not empty, got ${describe(transactionalId)}`)
  const before = turns.get(transactionalId)
  const mine = (async () => {
    await before?.catch(() => {})
    return transact(run, transactionalId)
  })()
  turns.set(transactionalId, mine)
  try {
    return await mine
  } finally {
    if (turns.get(transactionalId) === mine) turns.delete(transactionalId)
  }
}

async function transact<T>(
  run: (write: TransactionWrite) => T,
  transactionalId: string | undefined,
): Promise<Awaited<T>> {
  const records = transactionRecords(transactionalId)
  let result: Awaited<T>
  try {
    result = await run(records.write)
    await records.delivered()
  } catch (error) {
    await records.abort()
    throw error
  }
  await records.commit()
  return result
}

/** The records of one transaction. Its first record connects. */
interface TransactionRecords {
  write(topic: unknown, value: unknown, options?: CallOptions): Promise<void>
  /** Resolves when all records are acknowledged. Rejects with the first error of one. Ends `write`. */
  delivered(): Promise<void>
  commit(): Promise<void>
  abort(): Promise<void>
}

function transactionRecords(transactionalId: string | undefined): TransactionRecords {
  const host = platformHost()
  const senders = new Map<TopicSpec, TopicSender>()
  const pending = new Set<Promise<void>>()
  let settings: ResolvedSettings | undefined
  let leasing: Promise<TransactionLease> | undefined
  let failure: Error | undefined
  let hasEnded = false

  function senderOf(spec: TopicSpec): TopicSender {
    const known = senders.get(spec)
    if (known !== undefined) return known
    const own = resolveSettings(spec.conf)
    expectTransactional(own, 'a transaction')
    if (settings !== undefined && !sameSettings(settings, own, 'producer')) throw otherCluster(spec.name)
    const shared = (settings ??= own)
    const acquire = async () => {
      leasing ??= leaseTransactional(shared, transactionalId, host)
      return (await leasing).connection.producer
    }
    const lease = { producer: undefined, acquire, release: async () => {} }
    const sender = topicSender({ spec, settings: shared, lease, warnDry() {} })
    senders.set(spec, sender)
    return sender
  }

  async function write(topic: unknown, value: unknown, options: CallOptions = {}): Promise<void> {
    if (hasEnded)
      throw usage('a transaction that has ended takes no more records; await all writes inside the function')
    const spec = specOf(topic)
    if (spec === undefined) throw usage(`a transaction writes to topics, got ${describe(topic)}`)
    const sender = senderOf(spec)
    const record = callRecord(spec, host, value, options)
    await new Promise<void>((acknowledged, failed) => {
      Promise.resolve(sender.send(record, { acknowledged, failed })).catch(failed)
    })
  }

  async function settle(end: (lease: TransactionLease) => Promise<void>): Promise<void> {
    const lease = await leasing
    if (lease === undefined) return
    try {
      await end(lease)
      lease.keep()
    } catch (error) {
      await lease.close()
      throw error
    }
  }

  return {
    write(topic, value, options) {
      const written = write(topic, value, options)
      pending.add(written)
      // A record that is not awaited must not end the process; `delivered` rejects with its error.
      written.catch((error: unknown) => (failure ??= toError(error))).finally(() => pending.delete(written))
      return written
    },
    async delivered() {
      hasEnded = true
      await Promise.allSettled(pending)
      if (failure !== undefined) throw failure
    },
    commit: () => settle(async ({ connection }) => connection.driver.commit()),
    async abort() {
      hasEnded = true
      await Promise.allSettled(pending)
      // The error that is thrown anyway says more.
      await settle(async ({ connection }) => connection.driver.abort()).catch(() => {})
    },
  }
}

function otherCluster(name: string): SnapstreamError {
  return usage(
    `the topic ${JSON.stringify(name)} has other brokers or settings of the producer than the first one of the transaction; ` +
      'a transaction writes by one producer, so give all its topics the same settings',
  )
}
