import { encodeBatches } from '../../record-batch/record-batch-encoder.ts'
import type { EncodedBatch, RecordBatchEncoder } from '../../record-batch/record-batch-encoder.ts'
import { call, send } from '../cluster/api.ts'
import type { Api } from '../cluster/api.ts'
import type { Connection, ProduceAnswer, ProduceRequest, RawRequests } from '../protocol/connection.ts'
import { readTopics, writeTopics } from '../protocol/topics.ts'

/** The size of all fields of a request besides its batches, as a guess, in bytes. */
const FIELDS_BYTES = 1024

/** Produce: writes batches. */
export const PRODUCE: Api<
  Pick<ProduceRequest, 'acks' | 'timeoutMs'> & {
    readonly transactionalId: string | undefined
    readonly batches: readonly EncodedBatch[]
  },
  { readonly batches: readonly ProduceAnswer[] }
> = {
  name: 'Produce',
  key: 0,
  // Version 13 has ids of topics in place of names.
  versions: [3, 12],
  flexibleSince: 9,
  sizeHint: ({ batches }) => batches.reduce((sum, { records }) => sum + records.length, FIELDS_BYTES),
  write(to, { transactionalId, acks, timeoutMs, batches }) {
    to.string(transactionalId)
    to.int16(acks)
    to.int32(timeoutMs)
    writeTopics(to, batches, ({ records }) => to.bytes(records))
    to.tags()
  },
  read(from, version) {
    const batches = readTopics(from, () => {
      const errorCode = from.int16()
      const baseOffset = from.int64()
      // The time of appending, and the start of the log.
      for (let n = version >= 5 ? 2 : 1; n > 0; n--) from.int64()
      if (version < 8) return { errorCode, baseOffset }
      const recordErrors = from.array(() => {
        const one = { index: from.int32(), message: from.nullableString() }
        from.tags()
        return one
      })
      return { errorCode, baseOffset, recordErrors, message: from.nullableString() }
    })
    return { batches, throttleMs: from.int32() }
  },
}

/** The newest version unless `transaction.version` is 2: with a newer one the leader adds partitions to a transaction. */
const WITHOUT_ADDING = 11

/**
 * Produce over any connection: the part of a driver that writes batches.
 *
 * @param connection sends the requests
 * @param encode encodes the batches
 */
export function produceOver(connection: RawRequests, encode: RecordBatchEncoder): Connection['produce'] {
  return async ({ acks, timeoutMs, ...sent }) => {
    const { transactionalId, transactionVersion = 0 } = sent.transaction ?? {}
    const request = { transactionalId, acks, timeoutMs, batches: await encodeBatches(encode, sent) }
    const newest = transactionVersion >= 2 ? PRODUCE.versions[1] : WITHOUT_ADDING
    if (acks !== 0) return (await call(connection, PRODUCE, request, newest)).batches
    await send(connection, PRODUCE, request, newest)
    return []
  }
}
