import { SnapstreamError } from '@snapstream/core'
import type {
  GroupMetadata,
  OffsetAndMetadata,
  ProduceBatch,
  TopicPartition,
  TransactionalProducerSettings,
} from '../../driver/driver.ts'
import { partitionKey } from '../../driver/topic-partition.ts'
import { call } from '../cluster/api.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA } from '../errors/error-table.ts'
import { errorCodeOf, expectPartitions, isRetriable, protocolError, throwFor } from '../errors/kafka-error.ts'
import type { KafkaError } from '../errors/kafka-error.ts'
import type { ProducerIdAndEpoch, TransactionOfBatches } from '../protocol/connection.ts'
import { createSequences } from '../produce/sequences.ts'
import type { BatchNumbers } from '../produce/sequences.ts'
import { coordinatorOf } from './coordinator.ts'
import type { Coordinator } from './coordinator.ts'
import { initProducerId } from './init-producer-id.ts'
import { consequenceOf, transactionAborted, transactionError } from './transaction-error.ts'
import { ADD_OFFSETS_TO_TXN, ADD_PARTITIONS_TO_TXN, END_TXN, TXN_OFFSET_COMMIT } from './transaction-requests.ts'
import { transactionState } from './transaction-state.ts'
import type { Phase } from './transaction-state.ts'

/** The level of `transaction.version` since which brokers add partitions, and each transaction has an epoch (KIP-890). */
const TV2 = 2
/** The newest version of requests before that. */
const BEFORE_TV2 = 3

/**
 * The transactions of one transactional id: the part that Kafka's own client calls by the same name. Its methods reject with
 * a `SnapstreamError`, and change the phase as the error demands.
 */
export interface TransactionManager {
  readonly phase: Phase
  /** The sequences of the batches, under the id and epoch of the transaction. */
  readonly numbers: BatchNumbers
  /** The transaction of the batches that are sent now. */
  transaction(): TransactionOfBatches
  /** Initialises the id, unless it is. */
  initialize(): Promise<void>
  /**
   * Prepares to send batches: begins a transaction unless one is open, and adds their partitions to it, where the brokers do
   * not. Resolves with the errors of the batches whose partition was not added.
   */
  prepare(batches: readonly ProduceBatch[]): Promise<ReadonlyMap<ProduceBatch, KafkaError>>
  /** The error to report for the error of a batch. The transaction cannot be committed any more if the error says so. */
  failed(error: unknown, doing: string): SnapstreamError
  sendOffsets(group: GroupMetadata, offsets: readonly OffsetAndMetadata[]): Promise<void>
  /** Not while batches are in flight, like `abort`. */
  commit(): Promise<void>
  abort(): Promise<void>
}

/** An open transaction. */
interface Transaction {
  readonly version: number
  /** The partitions that were added, by key. */
  readonly partitions: Set<string>
  /** The groups whose offsets were added. */
  readonly groups: Set<string>
  /** Whether the brokers may know of it. */
  isKnown: boolean
  /** Whether nothing was written in it. */
  isEmpty: boolean
}

const begun = (version: number): Transaction => ({
  version,
  partitions: new Set(),
  groups: new Set(),
  isKnown: false,
  isEmpty: true,
})

/** The error codes of AddPartitionsToTxn for one partition. All others are the same for all partitions. */
const OF_PARTITION = new Set<number>([
  3, // UNKNOWN_TOPIC_OR_PARTITION
  17, // INVALID_TOPIC_EXCEPTION
  29, // TOPIC_AUTHORIZATION_FAILED
  KAFKA.OPERATION_NOT_ATTEMPTED,
])

/** @param signal ends the retries */
export function transactionManager(
  cluster: Cluster,
  settings: TransactionalProducerSettings,
  signal: AbortSignal,
): TransactionManager {
  const { transactionalId, transactionTimeoutMs, deliveryTimeoutMs: patienceMs } = settings
  const named = `the transaction of ${JSON.stringify(transactionalId)}`
  const state = transactionState()
  const coordinator = coordinatorOf(cluster, transactionalId, { of: 'transaction', patienceMs, signal })
  const groups = new Map<string, Coordinator>()
  let sequences = createSequences()
  /** The id and epoch of this transaction, else of the next one. Undefined: the coordinator gives others. */
  let producer: ProducerIdAndEpoch | undefined
  let open = begun(0)
  /** Whether a request of this epoch may still reach a broker after the transaction. Another epoch is needed then. */
  let isEpochSpent = false
  /** Errors that were reported before. */
  const known = new WeakSet<SnapstreamError>()
  let initializing: Promise<void> | undefined
  let beginning: Promise<void> | undefined

  function identity(): ProducerIdAndEpoch & { readonly transactionalId: string } {
    if (!producer) throw new Error(`the transactional id ${transactionalId} is not initialised`)
    return { ...producer, transactionalId }
  }

  function use(next: ProducerIdAndEpoch): void {
    producer = next
    sequences = createSequences()
    isEpochSpent = false
  }

  function failed(error: unknown, doing: string): SnapstreamError {
    if (SnapstreamError.is(error) && known.has(error)) return error
    const consequence = consequenceOf(error)
    const reported = transactionError(error, doing, settings)
    known.add(reported)
    if (consequence === 'fenced') {
      producer = undefined
      state.fail('fenced', reported)
    } else if (consequence === 'abort' && (state.phase === 'in transaction' || state.phase === 'committing'))
      state.fail('abortable error', reported)
    return reported
  }

  async function reported<T>(doing: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw failed(error, doing)
    }
  }

  /** Throws in a phase in which nothing can be added to a transaction. */
  function expectGoing(): void {
    if (state.error) throw state.error
    if (state.phase === 'committing' || state.phase === 'aborting')
      throw transactionAborted(transactionalId, `it was ${state.phase}, and is not known to have ended`)
  }

  /** Throws unless it is certain what was written: a batch that may have been written must not be committed. */
  function expectCertain(doubtful = sequences.allDoubtful()[0]): void {
    if (!doubtful) return
    const { topic, partition } = doubtful.batch
    const why = `records of partition ${partition} of ${JSON.stringify(topic)} were given up, and may have been written`
    const error = transactionAborted(transactionalId, why, { topic, partition })
    state.fail('abortable error', error)
    throw error
  }

  async function initialize(): Promise<void> {
    const init = (current?: ProducerIdAndEpoch) =>
      initProducerId(coordinator, { transactionalId, transactionTimeoutMs, current })
    try {
      use(await init(producer))
    } catch (error) {
      if (consequenceOf(error) !== 'abort') throw error
      // The coordinator does not know the id and epoch any more.
      use(await init())
    }
    state.to('ready')
  }

  async function begin(): Promise<void> {
    expectGoing()
    if (state.phase === 'uninitialized') await initializeOnce()
    if (state.phase !== 'ready') return
    open = begun(await coordinator.ask(async (connection) => connection.feature('transaction.version')))
    state.to('in transaction')
  }

  const initializeOnce = (): Promise<void> =>
    (initializing ??= reported(
      `initialise the transactional id ${JSON.stringify(transactionalId)}`,
      initialize,
    ).finally(() => (initializing = undefined)))
  const beginOnce = (): Promise<void> =>
    (beginning ??= reported(`begin ${named}`, begin).finally(() => (beginning = undefined)))

  async function addPartitions(batches: readonly ProduceBatch[]): Promise<ReadonlyMap<ProduceBatch, KafkaError>> {
    const errors = new Map<ProduceBatch, KafkaError>()
    const added = batches.filter((batch) => !open.partitions.has(partitionKey(batch)))
    if (added.length === 0) return errors
    const partitions = added.map(({ topic, partition }): TopicPartition => ({ topic, partition }))
    const codes = await coordinator.ask(async (connection) => {
      const answer = await call(connection, ADD_PARTITIONS_TO_TXN, { ...identity(), partitions })
      expectPartitions('AddPartitionsToTxn', partitions, answer.partitions)
      for (const one of answer.partitions) if (!OF_PARTITION.has(one.errorCode)) throwFor(one)
      return new Map(answer.partitions.map((one) => [partitionKey(one), one.errorCode]))
    })
    for (const batch of added) {
      const key = partitionKey(batch)
      const errorCode = codes.get(key)
      if (errorCode) errors.set(batch, protocolError(errorCode))
      else open.partitions.add(key)
    }
    return errors
  }

  function coordinatorOfGroup(groupId: string): Coordinator {
    const known = groups.get(groupId) ?? coordinatorOf(cluster, groupId, { of: 'group', patienceMs, signal })
    groups.set(groupId, known)
    return known
  }

  async function sendOffsets(group: GroupMetadata, offsets: readonly OffsetAndMetadata[]): Promise<void> {
    const { groupId } = group
    open.isKnown = true
    if (open.version < TV2 && !open.groups.has(groupId)) {
      await coordinator.ask(async (connection) =>
        throwFor(await call(connection, ADD_OFFSETS_TO_TXN, { ...identity(), groupId })),
      )
      open.groups.add(groupId)
    }
    const version = open.version < TV2 ? BEFORE_TV2 : TXN_OFFSET_COMMIT.versions[1]
    await coordinatorOfGroup(groupId).ask(async (connection) => {
      const request = { ...group, ...identity(), offsets }
      const { partitions } = await call(connection, TXN_OFFSET_COMMIT, request, version)
      expectPartitions('TxnOffsetCommit', offsets, partitions)
      for (const answer of partitions) throwFor(answer)
    })
    open.isEmpty = false
  }

  /** Sends EndTxn until it is answered. */
  async function endTransaction(committed: boolean): Promise<void> {
    const version = open.version < TV2 ? BEFORE_TV2 : END_TXN.versions[1]
    const { next } = await coordinator.ask(async (connection) => {
      try {
        const answer = await call(connection, END_TXN, { ...identity(), committed }, version)
        throwFor(answer)
        return answer
      } catch (error) {
        // Without an answer it may be delayed, and end a later transaction of the same epoch (KAFKA-17754).
        if (errorCodeOf(error) === undefined && isRetriable(error)) isEpochSpent = true
        throw error
      }
    })
    // Each transaction has an epoch of its own since `TV2`.
    if (next && next.producerId >= 0 && next.producerEpoch >= 0) use(next)
  }

  const toNext = (): void => state.to(isEpochSpent ? 'uninitialized' : 'ready')

  async function abort(): Promise<void> {
    // A batch that may have been written has used its sequence or not.
    if (state.phase === 'abortable error' || sequences.allDoubtful().length > 0) isEpochSpent = true
    state.to('aborting')
    try {
      await endTransaction(false)
      toNext()
    } catch (error) {
      const consequence = consequenceOf(error)
      if (consequence === 'goes on') throw transactionError(error, `abort ${named}`, settings)
      // The coordinator has aborted it before, after its time-out or for another producer.
      if (consequence === 'fenced') producer = undefined
      state.to('uninitialized')
    }
  }

  return {
    get phase() {
      return state.phase
    },
    failed,
    transaction: () => ({ transactionalId, transactionVersion: open.version }),
    initialize: initializeOnce,
    async prepare(batches) {
      await beginOnce()
      for (const batch of batches) {
        const doubtful = sequences.doubtful(batch)
        if (doubtful && doubtful.batch.records !== batch.records) expectCertain(doubtful)
      }
      open.isKnown = true
      return open.version < TV2 ? reported(`add partitions to ${named}`, () => addPartitions(batches)) : new Map()
    },
    numbers: {
      sequence(batch) {
        const doubtful = sequences.doubtful(batch)
        return doubtful ? { ...doubtful, batch } : sequences.assign(batch, producer ?? identity())
      },
      settle({ batch }, errorCode) {
        const outcome = sequences.settle(batch, errorCode)
        if (outcome === 'written') open.isEmpty = false
        return outcome
      },
    },
    async sendOffsets(group, offsets) {
      if (offsets.length === 0) return
      await beginOnce()
      const doing = `add offsets of the group ${JSON.stringify(group.groupId)} to ${named}`
      await reported(doing, () => sendOffsets(group, offsets))
    },
    async commit() {
      if (state.phase === 'uninitialized' || state.phase === 'ready') return
      if (state.phase !== 'committing') {
        expectGoing()
        expectCertain()
        if (!open.isKnown) return state.to('ready')
        // The brokers may not even know a transaction of which everything was refused.
        if (open.isEmpty) return abort()
        state.to('committing')
      }
      await reported(`commit ${named}`, () => endTransaction(true))
      toNext()
    },
    async abort() {
      if (state.phase === 'uninitialized' || state.phase === 'ready') return
      if (state.phase === 'fenced') return state.to('uninitialized')
      if (state.phase === 'in transaction' && !open.isKnown) return state.to('ready')
      if (state.phase === 'committing')
        throw new SnapstreamError(
          'KAFKA_FAILED',
          `${named} cannot be aborted: its commit was sent, and is not answered yet`,
        )
      await abort()
    },
  }
}
