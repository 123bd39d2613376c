import type { EncodedBatch } from '../../record-batch/record-batch-encoder.ts'
import { call } from '../cluster/api.ts'
import type { Api } from '../cluster/api.ts'
import type { ProduceAnswer, RawRequests, TransactionOfBatches } from '../protocol/connection.ts'
import { readTopics, writeTopics } from '../protocol/topics.ts'

/** The size of all fields of a request besides its batches, as a guess, in bytes. */
const FIELDS_BYTES = 4096
const ALL_IN_SYNC = -1

/** Produce: writes the batches of a transaction. */
export const PRODUCE: Api<
  { readonly transactionalId: string; readonly timeoutMs: number; readonly batches: readonly EncodedBatch[] },
  { readonly batches: readonly ProduceAnswer[] }
> = {
  name: 'Produce',
  key: 0,
  // Version 13 has ids of topics in place of names.
  versions: [3, 12],
  flexibleSince: 9,
  sizeHint: ({ batches }) => batches.reduce((sum, { records }) => sum + records.length, FIELDS_BYTES),
  write(to, { transactionalId, timeoutMs, batches }) {
    to.string(transactionalId)
    to.int16(ALL_IN_SYNC)
    to.int32(timeoutMs)
    writeTopics(to, batches, ({ records }) => to.bytes(records))
    to.tags()
  },
  read(from, version) {
    const batches = readTopics(from, () => {
      const errorCode = from.int16()
      // The first offset, the time of appending, and the start of the log.
      for (let n = version >= 5 ? 3 : 2; n > 0; n--) from.int64()
      if (version < 8) return { errorCode }
      const recordErrors = from.array(() => {
        const one = { index: from.int32(), message: from.nullableString() }
        from.tags()
        return one
      })
      return { errorCode, recordErrors, message: from.nullableString() }
    })
    return { batches, throttleMs: from.int32() }
  },
}

/** The newest version for `transaction.version` 0 and 1: with a newer one the leader adds partitions to the transaction. */
const WITHOUT_ADDING = 11

/**
 * Writes the batches of a transaction, to the leader of their partitions, with the acknowledgement of all in-sync replicas.
 *
 * @param connection a connection to the leader
 * @returns an answer for each batch
 */
export async function produceInTransaction(
  connection: RawRequests,
  request: {
    /** The transaction of the batches. */
    readonly transaction: TransactionOfBatches
    /** How long the leader may wait for replicas, in ms. */
    readonly timeoutMs: number
    /** At most one batch per partition. */
    readonly batches: readonly EncodedBatch[]
  },
): Promise<readonly ProduceAnswer[]> {
  const { timeoutMs, batches, transaction } = request
  const { transactionalId, transactionVersion } = transaction
  const newest = transactionVersion >= 2 ? PRODUCE.versions[1] : WITHOUT_ADDING
  return (await call(connection, PRODUCE, { transactionalId, timeoutMs, batches }, newest)).batches
}
