import type { OffsetAndMetadata, TopicPartition } from '../../driver/driver.ts'
import type { Api } from '../cluster/api.ts'
import type { Answer, ProducerIdAndEpoch } from '../protocol/connection.ts'
import { readTopics, writePartitions, writeTopics } from '../protocol/topics.ts'

/** A producer that is part of a transaction. */
interface TransactionalRequest extends ProducerIdAndEpoch {
  readonly transactionalId: string
}

/** InitProducerId: a new epoch for a transactional id. It ends the transaction that the id left open. */
export const INIT_PRODUCER_ID: Api<
  TransactionalRequest & {
    /** Kafka's `transaction.timeout.ms`. */
    readonly transactionTimeoutMs: number
  },
  Answer & ProducerIdAndEpoch
> = {
  name: 'InitProducerId',
  key: 22,
  // Version 3 has the present id and epoch (KIP-360), version 4 PRODUCER_FENCED.
  versions: [3, 5],
  flexibleSince: 2,
  write(to, { transactionalId, transactionTimeoutMs, producerId, producerEpoch }) {
    to.string(transactionalId)
    to.int32(transactionTimeoutMs)
    to.int64(producerId)
    to.int16(producerEpoch)
    to.tags()
  },
  read: (from) => ({
    throttleMs: from.int32(),
    errorCode: from.int16(),
    producerId: from.int64(),
    producerEpoch: from.int16(),
  }),
}

/** AddPartitionsToTxn: adds partitions to the transaction, before their first batch. For `transaction.version` 0 and 1. */
export const ADD_PARTITIONS_TO_TXN: Api<
  TransactionalRequest & { readonly partitions: readonly TopicPartition[] },
  { readonly partitions: readonly (TopicPartition & Answer)[] }
> = {
  name: 'AddPartitionsToTxn',
  key: 24,
  // Newer versions are for brokers, and need the permission of one.
  versions: [0, 3],
  flexibleSince: 3,
  write(to, { partitions, ...producer }) {
    to.string(producer.transactionalId)
    to.int64(producer.producerId)
    to.int16(producer.producerEpoch)
    writePartitions(to, partitions)
    to.tags()
  },
  read: (from) => ({
    throttleMs: from.int32(),
    partitions: readTopics(from, () => ({ errorCode: from.int16() })),
  }),
}

/** AddOffsetsToTxn: adds the offsets of a group to the transaction. For `transaction.version` 0 and 1. */
export const ADD_OFFSETS_TO_TXN: Api<TransactionalRequest & { readonly groupId: string }, Answer> = {
  name: 'AddOffsetsToTxn',
  key: 25,
  versions: [0, 3],
  flexibleSince: 3,
  write(to, { transactionalId, producerId, producerEpoch, groupId }) {
    to.string(transactionalId)
    to.int64(producerId)
    to.int16(producerEpoch)
    to.string(groupId)
    to.tags()
  },
  read: (from) => ({ throttleMs: from.int32(), errorCode: from.int16() }),
}

/** EndTxn: commits or aborts the transaction. */
export const END_TXN: Api<
  TransactionalRequest & { readonly committed: boolean },
  Answer & {
    /** The id and the epoch of the next transaction. Undefined before version 5: the same. */
    readonly next: ProducerIdAndEpoch | undefined
  }
> = {
  name: 'EndTxn',
  key: 26,
  // Version 5 is for `transaction.version` 2.
  versions: [0, 5],
  flexibleSince: 3,
  write(to, { transactionalId, producerId, producerEpoch, committed }) {
    to.string(transactionalId)
    to.int64(producerId)
    to.int16(producerEpoch)
    to.int8(committed ? 1 : 0)
    to.tags()
  },
  read: (from, version) => ({
    throttleMs: from.int32(),
    errorCode: from.int16(),
    next: version < 5 ? undefined : { producerId: from.int64(), producerEpoch: from.int16() },
  }),
}

/** TxnOffsetCommit: commits offsets of a group with the transaction. The generation of the member is checked. */
export const TXN_OFFSET_COMMIT: Api<
  TransactionalRequest & {
    readonly groupId: string
    readonly generationId: number
    readonly memberId: string
    readonly groupInstanceId: string | undefined
    readonly offsets: readonly OffsetAndMetadata[]
  },
  { readonly partitions: readonly (TopicPartition & Answer)[] }
> = {
  name: 'TxnOffsetCommit',
  key: 28,
  // Version 3 has the generation (KIP-447), version 5 is for `transaction.version` 2.
  versions: [3, 5],
  flexibleSince: 3,
  write(to, { offsets, ...request }) {
    to.string(request.transactionalId)
    to.string(request.groupId)
    to.int64(request.producerId)
    to.int16(request.producerEpoch)
    to.int32(request.generationId)
    to.string(request.memberId)
    to.string(request.groupInstanceId)
    writeTopics(to, offsets, ({ offset, metadata }) => {
      to.int64(offset)
      // The epoch of the leader is unknown.
      to.int32(-1)
      to.string(metadata)
    })
    to.tags()
  },
  read: (from) => ({
    throttleMs: from.int32(),
    partitions: readTopics(from, () => ({ errorCode: from.int16() })),
  }),
}
