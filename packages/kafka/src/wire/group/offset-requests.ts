import type { OffsetAndMetadata, TopicPartition } from '../../driver/driver.ts'
import type { Api } from '../cluster/api.ts'
import type { Answer, GroupGeneration } from '../protocol/connection.ts'
import { readTopics, writePartitions, writeTopics } from '../protocol/topics.ts'

/** OffsetFetch: committed offsets with their metadata. The offset -1 means that nothing is committed. */
export const OFFSET_FETCH: Api<
  {
    readonly groupId: string
    readonly partitions: readonly TopicPartition[]
    /**
     * Whether an offset that an open transaction is about to commit is UNSTABLE_OFFSET_COMMIT. Else the answer has the offset
     * that was committed before.
     */
    readonly requireStable: boolean
  },
  Answer & { readonly partitions: readonly (OffsetAndMetadata & Answer)[] }
> = {
  name: 'OffsetFetch',
  key: 9,
  // Version 7 has `require_stable` (KIP-447).
  versions: [7, 7],
  flexibleSince: 6,
  write(to, { groupId, partitions, requireStable }) {
    to.string(groupId)
    writePartitions(to, partitions)
    to.int8(requireStable ? 1 : 0)
    to.tags()
  },
  read(from) {
    const throttleMs = from.int32()
    const partitions = readTopics(from, () => {
      const offset = from.int64()
      // The epoch of the leader.
      from.int32()
      return { offset, metadata: from.nullableString() ?? '', errorCode: from.int16() }
    })
    return { throttleMs, partitions, errorCode: from.int16() }
  },
}

/** OffsetCommit: commits offsets with metadata. A client that is no member sends the `generationId` -1 and an empty `memberId`. */
export const OFFSET_COMMIT: Api<
  GroupGeneration & { readonly offsets: readonly OffsetAndMetadata[] },
  { readonly partitions: readonly (TopicPartition & Answer)[] }
> = {
  name: 'OffsetCommit',
  key: 8,
  versions: [2, 8],
  flexibleSince: 8,
  write(to, { groupId, generationId, memberId, groupInstanceId, offsets }, version) {
    to.string(groupId)
    to.int32(generationId)
    to.string(memberId)
    if (version >= 7) to.string(groupInstanceId)
    // The broker's retention.
    if (version < 5) to.int64(-1)
    writeTopics(to, offsets, ({ offset, metadata }) => {
      to.int64(offset)
      // The epoch of the leader is unknown.
      if (version >= 6) to.int32(-1)
      to.string(metadata)
    })
    to.tags()
  },
  read: (from, version) => ({
    throttleMs: version >= 3 ? from.int32() : 0,
    partitions: readTopics(from, () => ({ errorCode: from.int16() })),
  }),
}
