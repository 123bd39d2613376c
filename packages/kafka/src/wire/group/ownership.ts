import type { SnapstreamError } from '@snapstream/core'
import { backoff, sleep, withTimeout } from '@snapstream/core/adapter'
import { closed } from '../../driver/driver-error.ts'
import type { OffsetAndMetadata, TopicPartition, TopicPartitionOffset } from '../../driver/driver.ts'
import { ownerOf } from '../../driver/partition-owner.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { KAFKA } from '../errors/error-table.ts'
import { errorCodeOf, kafkaError, protocolError } from '../errors/kafka-error.ts'
import { coordinatorOf } from '../transaction/coordinator.ts'
import { fenceProducers } from '../transaction/init-producer-id.ts'
import type { RawRequests } from '../protocol/connection.ts'
import { fetchOffsetsAndMetadata } from './offsets-and-metadata.ts'

/** How often to ask whether a transaction is still pending, in ms. */
const PAUSES = { firstMs: 10, maxMs: 200 } as const
/**
 * How long a transaction may be pending, in ms, before that is reported. A member that lost partitions and got them back then
 * ends its own transaction, too: that cannot be committed any more, and the requests that would end it may be on a connection
 * that leads nowhere.
 */
const REPORT_AFTER_MS = 1000
/** How long retriable errors of a request that fences another owner are retried, in ms. */
const FENCE_PATIENCE_MS = 5000

/**
 * The offsets of a group that are committed in transactions, and the owners of its partitions. The metadata of a committed
 * offset names the owner by its transactional id, so that the next member to get the partition can end the transaction that a
 * dead owner left open. Correctness does not depend on it: the generation of the group fences commits. Without the name of an
 * owner, a partition and the readers of its outputs wait for the time-out of the transaction.
 */
export interface Ownership {
  /** The committed offsets once no transaction is pending on them; partitions without one are left out. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[]>
  /**
   * Ends the transactions that other owners of partitions left open, and one of this member that stays open. Resolves with the
   * committed offsets of the partitions once no transaction is pending on them; with undefined if none is wanted any more, or
   * the consumer has ended.
   *
   * @param wanted the partitions that are still to be taken over
   */
  takeOver(wanted: () => readonly TopicPartition[]): Promise<readonly TopicPartitionOffset[] | undefined>
  /**
   * Commits that these partitions have no owner, unless another one has them by now. Never rejects.
   *
   * @param limitMs how long it may wait for pending transactions, in ms
   */
  release(partitions: readonly TopicPartition[], limitMs: number): Promise<void>
}

export function groupOwnership(options: {
  readonly cluster: Cluster
  readonly groupId: string
  /** That of this member; undefined: it does not commit in transactions. */
  readonly transactionalId: string | undefined
  /** How long retriable errors are retried, in ms. */
  readonly patienceMs: number
  /** Aborted when the consumer ends. */
  readonly signal: AbortSignal
  /** Called with each error that is retried, and with the reason why a partition is not read yet. */
  readonly onTrouble: (error: unknown) => void
  /** Commits offsets under the generation of the member. */
  readonly commit: (offsets: readonly TopicPartitionOffset[], owner: string) => Promise<void>
}): Ownership {
  const { cluster, groupId, transactionalId = '', patienceMs, signal, onTrouble, commit } = options
  const coordinator = coordinatorOf(cluster, groupId, { of: 'group', patienceMs, signal, onTrouble })

  const fetch = (connection: RawRequests, partitions: readonly TopicPartition[], requireStable: boolean) =>
    fetchOffsetsAndMetadata(connection, { groupId, partitions, requireStable })

  /** Undefined while a transaction is pending on one of them. */
  const fetchStable = (partitions: readonly TopicPartition[]): Promise<OffsetAndMetadata[] | undefined> =>
    coordinator.ask((connection) =>
      fetch(connection, partitions, true).catch((error: unknown) => {
        if (errorCodeOf(error) !== KAFKA.UNSTABLE_OFFSET_COMMIT) throw error
        return undefined
      }),
    )

  /** Waits while a transaction is pending. Undefined: the consumer has ended, `wanted` is empty, or the time is over. */
  async function stabilised(
    wanted: () => readonly TopicPartition[],
    { limitMs = Infinity, late = () => {} }: { readonly limitMs?: number; readonly late?: () => void } = {},
  ): Promise<OffsetAndMetadata[] | undefined> {
    const began = performance.now()
    const waited = () => performance.now() - began
    let reported = false
    for (let attempt = 1; !signal.aborted && waited() < limitMs; attempt++) {
      const partitions = wanted()
      if (partitions.length === 0) return undefined
      const offsets = await fetchStable(partitions)
      if (offsets !== undefined) return offsets
      if (!reported && waited() > REPORT_AFTER_MS) {
        reported = true
        late()
      }
      await sleep(backoff(attempt, PAUSES), signal)
    }
    return undefined
  }

  async function fence(owner: string): Promise<void> {
    try {
      await fenceProducers(cluster, owner, { patienceMs: FENCE_PATIENCE_MS, signal })
    } catch (error) {
      if (signal.aborted) return
      const doing = `end the transaction of ${JSON.stringify(owner)}, so that its partitions wait until it has timed out`
      onTrouble(kafkaError(error, doing))
    }
  }

  return {
    async committed(partitions) {
      if (partitions.length === 0) return []
      const offsets = await stabilised(() => partitions)
      if (offsets === undefined) throw closed('consumer')
      return offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    },
    async takeOver(wanted) {
      const partitions = wanted()
      if (partitions.length === 0) return undefined
      const known = (await fetchStable(partitions)) ?? (await coordinator.ask((of) => fetch(of, partitions, false)))
      const owners = new Set(known.map(({ metadata }) => ownerOf(metadata)))
      owners.delete('')
      const isOwn = owners.delete(transactionalId)
      await Promise.all([...owners].map(fence))
      return stabilised(wanted, {
        late: () => {
          onTrouble(pending(wanted()))
          if (isOwn) void fence(transactionalId)
        },
      })
    },
    async release(partitions, limitMs) {
      const work = async () => {
        const offsets = (await stabilised(() => partitions, { limitMs })) ?? []
        await commit(
          offsets.filter(({ metadata }) => ownerOf(metadata) === transactionalId),
          '',
        )
      }
      // The next owner then ends a transaction that this member may not have, which is slower for both.
      await withTimeout(work(), { ms: limitMs, late: () => {} }).catch(() => {})
    },
  }
}

function pending([at]: readonly TopicPartition[]): SnapstreamError {
  const { topic = '', partition = 0 } = at ?? {}
  const reason = 'a transaction of another producer is pending on its offset, and ends by its time-out at the latest'
  const name = `partition ${partition} of ${JSON.stringify(topic)}`
  return kafkaError(protocolError(KAFKA.UNSTABLE_OFFSET_COMMIT, reason), `read ${name} yet`, { topic, partition })
}
