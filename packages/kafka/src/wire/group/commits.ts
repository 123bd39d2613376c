import { withTimeout } from '@snapstream/core/adapter'
import type { Condition } from '@snapstream/core/adapter'
import type { TopicPartition } from '../../driver/driver.ts'
import type { GroupGeneration } from '../protocol/connection.ts'
import { isGenerationOver } from './coordinator.ts'
import type { MemberState } from './member-state.ts'
import type { OwnedPartitions } from './owned-partitions.ts'

/** Sends offsets under the generation of a member. */
export interface Commits {
  /**
   * Sends the offsets of partitions that the member owns. Offsets that are refused because their generation is over are sent
   * again under the next one, but only for partitions that the member has owned without a break: another member may have read
   * on in the others. Waits while the coordinator refuses commits in a rebalance. Where members do not keep their partitions
   * in a rebalance, it also waits until the member knows its assignment. Resolves with false if nothing was sent. Rejects with
   * the other errors of `send`.
   *
   * @param kind default: OffsetCommit for the partitions that are left. `'in a transaction'`: TxnOffsetCommit for all of them,
   * or none
   */
  send<T extends TopicPartition>(
    offsets: readonly T[],
    send: (generation: GroupGeneration, owned: readonly T[]) => Promise<void>,
    kind?: 'in a transaction',
  ): Promise<boolean>
}

export function memberCommits(options: {
  readonly member: Pick<MemberState, 'phase' | 'generation' | 'isCooperative' | 'isAssigned'>
  readonly owned: Pick<OwnedPartitions, 'hold'>
  /** Woken when the member or its partitions change. */
  readonly changes: Condition
  /** Aborted when the member leaves. */
  readonly signal: AbortSignal
  /** How long to wait for the next generation, in ms. */
  readonly sessionTimeoutMs: number
  /** Ends the membership: the coordinator accepts its heartbeats and refuses its commits. */
  readonly lose: (refusal: unknown) => void
}): Commits {
  const { member, owned, changes, signal, sessionTimeoutMs, lose } = options

  /**
   * The generation to commit under; undefined while commits have to wait. In a cooperative group no other member gets a
   * partition of this one, even before the assignment is known. Until then the coordinator refuses OffsetCommit while the
   * rebalance completes, and takes TxnOffsetCommit: the outputs of a transaction become visible though members die in the
   * rebalance.
   */
  function generationFor(inTransaction: boolean): GroupGeneration | undefined {
    const { phase, generation, isCooperative, isAssigned } = member
    const isTaken = inTransaction || phase !== 'completing-rebalance'
    return isAssigned || (isCooperative && isTaken) ? generation : undefined
  }

  return {
    async send(offsets, send, kind) {
      const inTransaction = kind !== undefined
      const stillOwned = owned.hold(offsets)
      for (;;) {
        const mine = stillOwned()
        if (mine.length === 0 || (inTransaction && mine.length < offsets.length) || signal.aborted) return false
        const generation = generationFor(inTransaction)
        const { isAssigned } = member
        const isOver = () =>
          generationFor(inTransaction) !== generation ||
          member.isAssigned !== isAssigned ||
          stillOwned().length < mine.length ||
          signal.aborted
        if (generation === undefined) {
          await changes.until(isOver)
          continue
        }
        try {
          await send(generation, mine)
          return true
        } catch (error) {
          if (signal.aborted) return false
          if (!isGenerationOver(error)) throw error
          // A heartbeat or a join will show which partitions the member owns now.
          const over = changes.until(isOver).then(() => true)
          const isKnown = await withTimeout(over, { ms: sessionTimeoutMs, late: () => false })
          // Only a new membership can repair that.
          if (!isKnown && member.phase === 'stable') lose(error)
        }
      }
    },
  }
}
