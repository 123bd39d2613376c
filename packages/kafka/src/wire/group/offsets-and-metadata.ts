import type { OffsetAndMetadata, TopicPartition } from '../../driver/driver.ts'
import { call } from '../cluster/api.ts'
import { expectPartitions, protocolError, throwFor } from '../errors/kafka-error.ts'
import type { GroupGeneration, RawRequests } from '../protocol/connection.ts'
import { OFFSET_COMMIT, OFFSET_FETCH } from './offset-requests.ts'

/**
 * Requests the committed offsets of a group with their metadata; partitions without one are left out. Rejects with the error
 * of the coordinator: UNSTABLE_OFFSET_COMMIT, which is retriable, if `requireStable` is set and an open transaction is about
 * to commit an offset of these partitions.
 *
 * @param coordinator a connection to the coordinator of the group
 */
export async function fetchOffsetsAndMetadata(
  coordinator: RawRequests,
  request: {
    readonly groupId: string
    readonly partitions: readonly TopicPartition[]
    readonly requireStable: boolean
  },
): Promise<OffsetAndMetadata[]> {
  const { partitions } = request
  if (partitions.length === 0) return []
  const answer = await call(coordinator, OFFSET_FETCH, request)
  throwFor(answer)
  // A partition without an answer would count as not committed.
  expectPartitions('OffsetFetch', partitions, answer.partitions)
  const committed: OffsetAndMetadata[] = []
  for (const { errorCode, ...one } of answer.partitions) {
    throwFor({ errorCode })
    if (one.offset >= 0) committed.push(one)
  }
  return committed
}

/**
 * Commits offsets with metadata. Rejects with a `CommitRefusal` for the first partition that the coordinator refuses.
 *
 * @param coordinator a connection to the coordinator of the group
 */
export async function commitOffsetsAndMetadata(
  coordinator: RawRequests,
  generation: GroupGeneration,
  offsets: readonly OffsetAndMetadata[],
): Promise<void> {
  if (offsets.length === 0) return
  const answer = await call(coordinator, OFFSET_COMMIT, { ...generation, offsets })
  expectPartitions('OffsetCommit', offsets, answer.partitions)
  for (const { topic, partition, errorCode } of answer.partitions)
    if (errorCode !== 0) throw Object.assign(protocolError(errorCode), { at: { topic, partition } })
}
